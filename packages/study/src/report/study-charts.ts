import { grouped, percent } from '@tersor/core';
import type { Estimate } from '../statistics/statistics.js';
import type { VariantRow } from '../results/compare-variants.js';
import type { StudyResults } from '../results/study-results.js';
import type { Metric, TrialRow } from '../results/trial-figures.js';
import { chart, LEGEND, nameAxis, PALETTE, SYMBOLS, valueAxis } from './chart.js';
import type { Facet } from './facets.js';
import { FORMATS } from './metrics.js';
import { accuracyAxes } from './search-charts.js';
import { MOST, ofAll, thinned } from './most.js';
import { estimateTable, trialTable } from './study-tables.js';

const ROW = 40;

/**
 * Chart of one metric of every variant: the mean with its interval, and every seed. Empty if no trial has the
 * metric. All facets of `whole` share the same axis range.
 */
export function metricChart(
  metric: Metric,
  { suffix, title: part, results: { variants, trials } }: Facet,
  whole: StudyResults,
): string {
  const all = variants.filter(({ estimates }) => estimates[metric]);
  if (all.length === 0) return '';
  const rows = bestVariants(all);
  const names = new Set(rows.map(({ variant }) => variant));
  const seeds = trials.filter(({ figures, variant }) => figures[metric] !== undefined && names.has(variant));
  const dots = thinned(seeds, MOST.marks);
  const { title, format, axis } = FORMATS[metric];
  return intervalChart({
    id: `compare-${metric}${suffix}`,
    title: titled(title, part),
    description: `Mean over the seeds, with its 95% interval from three seeds on; small marks are single seeds.${ofAll(rows.length, all.length, 'variants')}${ofAll(dots.length, seeds.length, 'seeds')}`,
    rows: rows.map((row) => ({ name: row.variant, estimate: row.estimates[metric]! })),
    dots: dots.map(({ variant, seed, figures }) => ({
      name: variant,
      value: figures[metric]!,
      text: `${variant}, seed ${seed}: ${format(figures[metric]!)}`,
    })),
    range: rangeOf([
      ...whole.variants.map(({ estimates }) => estimates[metric]?.interval),
      ...whole.trials.map(({ figures }) => figures[metric]),
    ]),
    format,
    axis,
    table: estimateTable(metric, variants, 'estimates'),
  });
}

/**
 * Chart of one metric's difference from the baseline, paired by seed. Empty without a baseline. All facets of
 * `whole` share the same axis range.
 */
export function differenceChart(
  metric: Metric,
  { suffix, title: part, results: { variants } }: Facet,
  whole: StudyResults,
): string {
  const all = variants.filter(({ differences }) => differences?.[metric]);
  if (all.length === 0) return '';
  const rows = bestVariants(all);
  const { title, change } = FORMATS[metric];
  const baselines = [...new Set(rows.map(({ baseline }) => baseline!))];
  return intervalChart({
    id: `difference-${metric}${suffix}`,
    title: titled(
      `${title}: difference from ${baselines.length === 1 ? baselines[0]! : 'the baseline'}`,
      part,
    ),
    description: `Each seed is compared with the same seed of the baseline; the mark is the mean difference, with its 95% interval from three seeds on.${ofAll(rows.length, all.length, 'variants')}`,
    rows: rows.map((row) => ({ name: row.variant, estimate: row.differences![metric]! })),
    dots: [],
    range: rangeOf([
      0,
      ...whole.variants.map(({ differences }) => differences?.[metric]?.mean),
      ...whole.variants.map(({ differences }) => differences?.[metric]?.interval),
    ]),
    format: change,
    axis: change,
    zero: true,
    table: estimateTable(metric, variants, 'differences'),
  });
}

/** At most `most` variants, those with the highest test accuracy, in their original order. */
export function bestVariants(
  variants: readonly VariantRow[],
  most: number = MOST.variants,
): readonly VariantRow[] {
  if (variants.length <= most) return variants;
  const accuracy = ({ estimates }: VariantRow) => estimates.testAccuracy?.mean ?? -1;
  const best = new Set([...variants].sort((a, b) => accuracy(b) - accuracy(a)).slice(0, most));
  return variants.filter((row) => best.has(row));
}

/** The least and the greatest of values and intervals, of which some may be missing. */
function rangeOf(values: readonly (number | readonly number[] | undefined)[]): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === undefined) continue;
    const [from, to] = typeof value === 'number' ? [value, value] : [value[0]!, value[1]!];
    [low, high] = [Math.min(low, from), Math.max(high, to)];
  }
  return [low, high];
}

function titled(title: string, part: string | undefined): string {
  return part === undefined ? title : `${title} (${part})`;
}

interface IntervalChart {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly { readonly name: string; readonly estimate: Estimate }[];
  readonly dots: readonly { readonly name: string; readonly value: number; readonly text: string }[];
  /** What the axis must include. */
  readonly range: readonly [low: number, high: number];
  readonly zero?: boolean;
  readonly table: string;
  format(value: number): string;
  axis(value: number): string;
}

function intervalChart({
  id,
  title,
  description,
  rows,
  dots,
  range: [low, high],
  zero = false,
  format,
  axis,
  table,
}: IntervalChart): string {
  const margin = (high - low || Math.abs(high) || 1) * 0.06;
  return chart({
    id,
    title,
    description,
    table,
    height: 64 + ROW * rows.length,
    option: (size) => ({
      grid: { left: size.narrow ? 104 : 184, right: 28, top: 8, height: ROW * rows.length },
      yAxis: nameAxis(
        rows.map(({ name }) => name),
        size,
      ),
      xAxis: valueAxis('', axis, {
        min: low - margin,
        max: high + margin,
        axisLabel: {
          color: 'var(--muted)',
          formatter: axis,
          hideOverlap: true,
          showMinLabel: false,
          showMaxLabel: false,
        },
      }),
      series: [
        {
          type: 'scatter',
          symbolSize: 12,
          itemStyle: { color: 'var(--c0)' },
          data: rows.map(({ name, estimate }) => [estimate.mean, name]),
          ...(zero && {
            markLine: {
              silent: true,
              symbol: 'none',
              label: { show: false },
              lineStyle: { color: 'var(--muted)', type: 'dashed' },
              data: [{ xAxis: 0 }],
            },
          }),
        },
        {
          type: 'scatter',
          symbol: 'diamond',
          symbolSize: 8,
          itemStyle: { color: 'var(--c1)', opacity: 0.8 },
          data: dots.map(({ name, value }) => [value, name]),
        },
        // One line with gaps: a series for each row would take a multiple of the time.
        {
          type: 'line',
          symbol: 'rect',
          symbolSize: [2, 12],
          showAllSymbol: true,
          lineStyle: { color: 'var(--c0)', width: 2 },
          itemStyle: { color: 'var(--c0)' },
          silent: true,
          data: rows.flatMap(({ name, estimate: { interval = [] } }) => [
            ...interval.map((value) => [value, name]),
            ['-', name],
          ]),
        },
      ],
    }),
    tip: (series, index) => {
      if (series === 1) return dots[index]?.text;
      const row = series === 0 ? rows[index] : undefined;
      return row && describeEstimate(row, format);
    },
  });
}

function describeEstimate(
  { name, estimate: { mean: center, interval, count } }: IntervalChart['rows'][number],
  format: (value: number) => string,
): string {
  const range = interval ? `, 95% from ${format(interval[0])} to ${format(interval[1])}` : '';
  return `${name}\n${format(center)}${range}\n${count === 1 ? '1 seed' : `${count} seeds`}`;
}

/** Chart of the test accuracy of every trial against its cost, with the Pareto front. */
export function frontChart(metric: 'bytes' | 'macs', { trials, variants, pareto }: StudyResults): string {
  const done = trials.filter(({ figures }) => figures.testAccuracy !== undefined);
  if (done.length === 0) return '';
  const unit = metric === 'bytes' ? 'bytes of the packed file' : 'multiply-adds';
  const front = pareto[metric].map((index) => trials[index]!);
  const point = ({ figures }: TrialRow) => [figures[metric]!, figures.testAccuracy!];
  const shown = bestVariants(variants);
  const names = new Set(shown.map(({ variant }) => variant));
  const drawn = thinned(
    done.filter(({ variant }) => names.has(variant)),
    MOST.marks,
  );
  const ofVariant = shown.map(({ variant }) => drawn.filter((row) => row.variant === variant));
  const count = ofVariant.flat().length;
  return chart({
    id: `front-${metric}`,
    title: `Accuracy against ${metric === 'bytes' ? 'bytes' : 'multiply-adds'}`,
    description: `Test accuracy of every trial against its ${unit}. The line joins the ${front.length} trials that no other beats (the Pareto front).${ofAll(count, done.length, 'trials')}`,
    height: 340 + 14 * shown.length,
    option: (size) => {
      return {
        legend: { ...LEGEND, type: 'plain' },
        ...accuracyAxes(size, unit, [...names, 'Pareto front']),
        series: [
          ...ofVariant.map((rows, i) => ({
            name: shown[i]!.variant,
            type: 'scatter',
            symbol: SYMBOLS[i % SYMBOLS.length],
            symbolSize: 10,
            itemStyle: { color: PALETTE[i % PALETTE.length] },
            data: rows.map(point),
          })),
          {
            name: 'Pareto front',
            type: 'line',
            symbol: 'none',
            lineStyle: { color: 'var(--muted)', width: 2, type: 'dashed' },
            itemStyle: { color: 'var(--muted)' },
            data: front.map(point),
          },
        ],
      };
    },
    tip: (series, index) => {
      const row = ofVariant[series]?.[index];
      return (
        row &&
        `${row.variant}, seed ${row.seed}\ntest accuracy ${percent(row.figures.testAccuracy!)}\n${grouped(row.figures.bytes!)} bytes, ${grouped(row.figures.macs!)} multiply-adds`
      );
    },
    table: trialTable(front, 'Trials on the Pareto front'),
  });
}
