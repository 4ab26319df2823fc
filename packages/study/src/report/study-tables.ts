import type { Estimate } from '../statistics.js';
import type { Metric, TrialRow, VariantRow } from '../study-results.js';
import { FORMATS } from './metrics.js';
import { table } from './table.js';

/** A figure that a trial does not have: it is not done, or an older version ran it. */
const MISSING = '–';

/** One metric of every variant, or its differences to the baseline. */
export function estimateTable(metric: Metric, variants: readonly VariantRow[], which: 'estimates' | 'differences'): string {
  const { title, format, change } = FORMATS[metric];
  const write = which === 'estimates' ? format : change;
  const rows = variants.filter((row) => row[which]?.[metric]);
  const column = (head: string, read: (estimate: Estimate) => number, text = write) => ({
    head,
    text: (row: VariantRow) => text(read(row[which]![metric]!)),
    value: (row: VariantRow) => read(row[which]![metric]!),
  });
  return table(title, rows, [
    { head: 'variant', text: ({ variant }) => variant },
    column('mean', (estimate) => estimate.mean),
    column('standard deviation', ({ deviation }) => deviation, (value) => write(value).replace(/^[+−]/, '')),
    column('95% from', ({ interval }) => interval[0]),
    column('to', ({ interval }) => interval[1]),
    column('seeds', ({ count }) => count, String),
  ]);
}

/** The variants with their means of the metrics that are asked about first, and the paired difference of test accuracy. */
export function variantTable(variants: readonly VariantRow[], baseline: string | undefined): string {
  const metrics: readonly Metric[] = ['testAccuracy', 'bytes', 'macs', 'pruneReward', 'quantizeReward', 'seconds', 'episodesPerMinute', 'peakResidentBytes'];
  const shown = metrics.filter((metric) => variants.some(({ estimates }) => estimates[metric]));
  return table('Means over the seeds ± standard deviation', variants, [
    { head: 'variant', text: ({ variant }) => variant + (variant === baseline ? ' (baseline)' : '') },
    ...shown.map((metric) => ({
      head: FORMATS[metric].title.toLowerCase(),
      text: ({ estimates }: VariantRow) => plusMinus(metric, estimates[metric]),
      value: ({ estimates }: VariantRow) => estimates[metric]?.mean,
    })),
    ...(baseline === undefined
      ? []
      : [{ head: `accuracy to ${baseline}`, text: ({ differences }: VariantRow) => difference(differences?.testAccuracy), value: ({ differences }: VariantRow) => differences?.testAccuracy?.mean }]),
    { head: 'seeds', text: ({ estimates }) => String(estimates.testAccuracy?.count ?? 0), value: ({ estimates }) => estimates.testAccuracy?.count ?? 0 },
  ]);
}

/** Trials with their figures; those that failed with their error. */
export function trialTable(trials: readonly TrialRow[], caption: string): string {
  const metrics: readonly Metric[] = ['testAccuracy', 'validationAccuracy', 'bytes', 'macs', 'parameters', 'seconds', 'episodesPerMinute', 'peakResidentBytes'];
  return table(caption, trials, [
    { head: 'variant', text: ({ variant }) => variant },
    { head: 'seed', text: ({ seed }) => String(seed), value: ({ seed }) => seed },
    { head: 'status', text: ({ status }) => status },
    ...metrics.map((metric) => ({
      head: FORMATS[metric].title.toLowerCase(),
      text: ({ figures }: TrialRow) => (figures[metric] === undefined ? MISSING : FORMATS[metric].format(figures[metric])),
      value: ({ figures }: TrialRow) => figures[metric],
    })),
    { head: 'folder', text: ({ trial }) => `trials/${trial}` },
  ]);
}

function plusMinus(metric: Metric, estimate: Estimate | undefined): string {
  const { format } = FORMATS[metric];
  return estimate ? `${format(estimate.mean)} ± ${format(estimate.deviation)}` : MISSING;
}

function difference(estimate: Estimate | undefined): string {
  if (!estimate) return '';
  const { change } = FORMATS.testAccuracy;
  return `${change(estimate.mean)} (${change(estimate.interval[0])} to ${change(estimate.interval[1])})`.replaceAll(' points', '');
}
