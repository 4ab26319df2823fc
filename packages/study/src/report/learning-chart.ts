import type { VariantRow } from '../results/compare-variants.js';
import { mean } from '../statistics/moments.js';
import type { EpisodeLine, Stage } from '../results/run-records.js';
import { chart, LEGEND, legendHeight, PALETTE, SYMBOLS, valueAxis } from './chart.js';
import { bestSoFar } from './search-charts.js';
import { MOST, ofAll, thinned } from './most.js';
import { seedsText } from './study-sentences.js';
import { table } from './table.js';

/** What a curve reads of the episodes of the trials of each variant. */
export type Episodes = ReadonlyMap<
  string,
  readonly (readonly Pick<EpisodeLine, 'stage' | 'round' | 'episode' | 'reward'>[])[]
>;

/** The variants whose curves are drawn: all that searched in the stage, or some where they are many. */
export function curvesOf(stage: Stage, variants: readonly VariantRow[]): readonly string[] {
  return thinned(searched(stage, variants), MOST.variants);
}

function searched(stage: Stage, variants: readonly VariantRow[]): string[] {
  return variants.flatMap(({ variant, estimates }) => (estimates[`${stage}Reward`] ? [variant] : []));
}

/**
 * Best reward so far over the episodes of a stage, for each variant the mean over its seeds. Empty if no
 * trial searched in that stage.
 * @param episodes episodes of the variants that `curvesOf` names
 */
export function learningChart(stage: Stage, variants: readonly VariantRow[], episodes: Episodes): string {
  const byName = new Map(variants.map((row) => [row.variant, row]));
  const curves = curvesOf(stage, variants).flatMap((variant) => {
    const runs = (episodes.get(variant) ?? [])
      .map((lines) => bestSoFar(lines.filter((line) => line.stage === stage).map(({ reward }) => reward)))
      .filter(({ length }) => length > 0);
    const length = Math.min(...runs.map((run) => run.length));
    return runs.length > 0
      ? [
          {
            variant,
            trials: byName.get(variant)!.trials,
            seeds: runs.length,
            values: Array.from({ length }, (_, i) => mean(runs.map((run) => run[i]!))),
          },
        ]
      : [];
  });
  if (curves.length === 0) return '';
  return chart({
    id: `learning-${stage}`,
    title: `${stage === 'prune' ? 'Stage 1, pruning' : 'Stage 2, bit widths'}: best reward so far`,
    description:
      'Best reward up to each episode, as the mean over the seeds. A curve that rises faster needs fewer evaluations.' +
      ofAll(curves.length, Math.max(curves.length, searched(stage, variants).length), 'variants'),
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
  curves: readonly {
    readonly variant: string;
    readonly trials: VariantRow['trials'];
    readonly seeds: number;
    readonly values: readonly number[];
  }[],
): string {
  return table('Mean of the best reward', curves, [
    { head: 'variant', text: ({ variant }) => variant },
    { head: 'seeds', text: ({ trials }) => seedsText({ trials }), value: ({ seeds }) => seeds },
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
