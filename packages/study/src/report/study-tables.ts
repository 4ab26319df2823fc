import type { Difference, Estimate } from '../statistics/statistics.js';
import type { VariantRow } from '../results/compare-variants.js';
import type { Metric, TrialRow } from '../results/trial-figures.js';
import { FORMATS } from './metrics.js';
import { MOST, thinned } from './most.js';
import { probability, seedsText } from './study-sentences.js';
import { table, type Column } from './table.js';

/** Shown for a missing figure: the trial is not done, or an older version ran it. */
const MISSING = '–';

/** Table of one metric of every variant, or of its differences from the baseline. */
export function estimateTable(
  metric: Metric,
  variants: readonly VariantRow[],
  which: 'estimates' | 'differences',
): string {
  const { title, format, change } = FORMATS[metric];
  const write = which === 'estimates' ? format : change;
  const rows = thinned(
    variants.filter((row) => row[which]?.[metric]),
    MOST.rows,
  );
  const column = (head: string, read: (estimate: Difference) => number | undefined, text = write) => ({
    head,
    text: (row: VariantRow) => optional(read(row[which]![metric]!), text),
    value: (row: VariantRow) => read(row[which]![metric]!),
  });
  return table(title, rows, [
    { head: 'variant', text: ({ variant }) => variant },
    ...(which === 'differences'
      ? [{ head: 'against', text: ({ baseline }: VariantRow) => baseline ?? '' }]
      : []),
    column('mean', (estimate) => estimate.mean),
    column(
      'standard deviation',
      ({ deviation }) => deviation,
      (value) => write(value).replace(/^[+−]/, ''),
    ),
    column('95% from', ({ interval }) => interval?.[0]),
    column('to', ({ interval }) => interval?.[1]),
    ...(which === 'differences' ? [column('p (Holm)', ({ p, adjusted = p }) => adjusted, probability)] : []),
    { head: 'seeds', text: seedsText, value: (row: VariantRow) => row[which]![metric]!.count },
  ]);
}

/**
 * Table of the variants with the means of the most important metrics, and their paired difference in test
 * accuracy.
 */
export function variantTable(variants: readonly VariantRow[]): string {
  const metrics: readonly Metric[] = [
    'testAccuracy',
    'bytes',
    'macs',
    'pruneReward',
    'quantizeReward',
    'seconds',
    'episodesPerMinute',
    'peakResidentBytes',
  ];
  const baselines = new Set(variants.flatMap(({ baseline }) => baseline ?? []));
  const shown = metrics.filter((metric) => variants.some(({ estimates }) => estimates[metric]));
  return table('Means over the seeds ± standard deviation', variants, [
    { head: 'variant', text: ({ variant }) => variant + (baselines.has(variant) ? ' (baseline)' : '') },
    ...shown.map((metric) => ({
      head: FORMATS[metric].title.toLowerCase(),
      text: ({ estimates }: VariantRow) => plusMinus(metric, estimates[metric]),
      value: ({ estimates }: VariantRow) => estimates[metric]?.mean,
    })),
    ...(baselines.size === 0
      ? []
      : [
          {
            head: `accuracy against ${baselines.size === 1 ? [...baselines][0]! : 'its baseline'}, 95%`,
            text: ({ differences }: VariantRow) => difference(differences?.testAccuracy),
            value: ({ differences }: VariantRow) => differences?.testAccuracy?.mean,
          },
          {
            head: 'p (Holm)',
            text: (row: VariantRow) => optional(adjustedP(row), probability),
            value: adjustedP,
          },
        ]),
    {
      head: 'seeds',
      text: seedsText,
      value: ({ estimates }) => estimates.testAccuracy?.count ?? 0,
    },
  ]);
}

const TRIAL_METRICS: readonly Metric[] = [
  'testAccuracy',
  'validationAccuracy',
  'bytes',
  'macs',
  'parameters',
  'seconds',
  'episodesPerMinute',
  'peakResidentBytes',
];

/** Columns of a table of trials. */
export const TRIAL_COLUMNS: readonly Column<TrialRow>[] = [
  { head: 'variant', text: ({ variant }) => variant },
  { head: 'seed', text: ({ seed }) => String(seed), value: ({ seed }) => seed },
  { head: 'status', text: ({ status }) => status },
  ...TRIAL_METRICS.map((metric) => ({
    head: FORMATS[metric].title.toLowerCase(),
    text: ({ figures }: TrialRow) =>
      figures[metric] === undefined ? MISSING : FORMATS[metric].format(figures[metric]),
    value: ({ figures }: TrialRow) => figures[metric],
  })),
  { head: 'trial', text: ({ trial }) => trial },
];

/** Table of trials with their status and figures. */
export function trialTable(trials: readonly TrialRow[], caption: string): string {
  return table(caption, trials, TRIAL_COLUMNS);
}

function plusMinus(metric: Metric, estimate: Estimate | undefined): string {
  const { format } = FORMATS[metric];
  if (!estimate) return MISSING;
  const mean = whole(format(estimate.mean));
  return estimate.deviation === undefined ? mean : `${mean} ${whole(`± ${format(estimate.deviation)}`)}`;
}

function difference(estimate: Difference | undefined): string {
  if (!estimate) return '';
  const { change } = FORMATS.testAccuracy;
  const { mean, interval } = estimate;
  const range = interval
    ? `(${change(interval[0])} to ${change(interval[1])})`.replaceAll(' points', '')
    : '';
  return `${change(mean).replace(' points', '')} ${whole(range)}`.trim();
}

function adjustedP({ differences }: VariantRow): number | undefined {
  return differences?.testAccuracy?.adjusted;
}

/** Text with non-breaking spaces. */
function whole(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

function optional(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? '' : format(value);
}
