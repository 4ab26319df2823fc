import type { VariantRow } from '../results/compare-variants.js';
import { mean } from '../statistics/moments.js';
import type { EpisodeLine, Stage } from '../results/read-run.js';
import { chart, LEGEND, legendHeight, PALETTE, SYMBOLS, valueAxis } from './chart.js';
import { bestSoFar } from './search-charts.js';
import { MOST, ofAll, thinned } from './most.js';
import { table } from './table.js';

/** Episodes of the trials of each variant. */
export type Episodes = ReadonlyMap<string, readonly (readonly EpisodeLine[])[]>;

/**
 * Best reward so far over the episodes of a stage, for each variant the mean over its seeds. Empty if no
 * trial searched in that stage.
 */
export function learningChart(stage: Stage, variants: readonly VariantRow[], episodes: Episodes): string {
  const all = variants.flatMap(({ variant }) => {
    const runs = (episodes.get(variant) ?? [])
      .map((lines) => bestSoFar(lines.filter((line) => line.stage === stage).map(({ reward }) => reward)))
      .filter(({ length }) => length > 0);
    const length = Math.min(...runs.map((run) => run.length));
    return runs.length > 0
      ? [
          {
            variant,
            seeds: runs.length,
            values: Array.from({ length }, (_, i) => mean(runs.map((run) => run[i]!))),
          },
        ]
      : [];
  });
  if (all.length === 0) return '';
  const curves = thinned(all, MOST.variants);
  return chart({
    id: `learning-${stage}`,
    title: `${stage === 'prune' ? 'Stage 1, pruning' : 'Stage 2, bit widths'}: best reward so far`,
    description:
      'Best reward up to each episode, as the mean over the seeds. A curve that rises faster needs fewer evaluations.' +
      ofAll(curves.length, all.length, 'variants'),
    height: 340 + 14 * curves.length,
    option: ({ narrow, ...size }) => ({
      legend: { ...LEGEND, type: 'plain' },
      grid: {
        left: narrow ? 56 : 68,
        right: 16,
        top: legendHeight(
          curves.map(({ variant }) => variant),
          { narrow, ...size },
        ),
        bottom: 48,
      },
      xAxis: valueAxis('episode', String, { min: 1, scale: true }),
      yAxis: valueAxis('reward', (value) => String(Number(value.toPrecision(3))), {
        nameGap: narrow ? 40 : 50,
      }),
      series: curves.map(({ variant, values }, i) => ({
        name: variant,
        type: 'line',
        step: 'end',
        symbol: SYMBOLS[i % SYMBOLS.length],
        showAllSymbol: true,
        symbolSize: (_value: unknown, { dataIndex }: { dataIndex: number }) =>
          dataIndex % Math.ceil(values.length / 8) === 0 || dataIndex === values.length - 1 ? 7 : 0,
        lineStyle: { color: PALETTE[i % PALETTE.length], width: 2 },
        itemStyle: { color: PALETTE[i % PALETTE.length] },
        data: values.map((value, episode) => [episode + 1, value]),
      })),
    }),
    tip: (series, index) =>
      curves[series] &&
      `${curves[series].variant}, episode ${index + 1}: ${curves[series].values[index]!.toFixed(4)}`,
    table: learningTable(curves),
  });
}

function learningTable(
  curves: readonly { readonly variant: string; readonly seeds: number; readonly values: readonly number[] }[],
): string {
  return table('Mean of the best reward', curves, [
    { head: 'variant', text: ({ variant }) => variant },
    { head: 'seeds', text: ({ seeds }) => String(seeds), value: ({ seeds }) => seeds },
    ...[0.25, 0.5, 1].map((share) => {
      const at = (values: readonly number[]) => values[Math.max(0, Math.round(values.length * share) - 1)];
      return {
        head: `after ${share * 100}% of the episodes`,
        text: ({ values }: (typeof curves)[number]) => at(values)!.toFixed(4),
        value: ({ values }: (typeof curves)[number]) => at(values),
      };
    }),
  ]);
}
