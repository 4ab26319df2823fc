import type { SearchFigures, Summary } from '@tersor/compression';

/**
 * The metrics that studies compare, read from a trial's summary; undefined if it lacks one. Accuracies are
 * fractions from 0 to 1.
 */
export const METRICS = {
  testAccuracy: ({ compressed }) => compressed.accuracy.test,
  accuracyChange: ({ compressed, baseline }) => compressed.accuracy.test - baseline.accuracy.test,
  validationAccuracy: ({ compressed }) => compressed.accuracy.validation,
  bytes: ({ compressed }) => compressed.bytes,
  macs: ({ compressed }) => compressed.macs,
  parameters: ({ compressed }) => compressed.parameters,
  pruneReward: ({ search }) => search.prune?.bestReward,
  quantizeReward: ({ search }) => search.quantize?.bestReward,
  seconds: ({ seconds }) => seconds,
  episodesPerMinute: ({ search }) => episodesPerMinute(Object.values(search)),
  peakResidentBytes: (summary) => summary.peakResidentBytes,
} as const satisfies Readonly<Record<string, (summary: Summary) => number | undefined>>;

export type Metric = keyof typeof METRICS;

/** Figures of one trial. A trial that belongs to several variants is listed once for each. */
export interface TrialRow {
  readonly variant: string;
  readonly seed: number;
  readonly trial: string;
  readonly status: 'done' | 'failed' | 'interrupted' | 'missing';
  readonly error?: string;
  /** Number of test images; absent in trials run by a version that did not record it. */
  readonly testImages?: number;
  readonly figures: Readonly<Partial<Record<Metric, number>>>;
}

/** The metrics in a trial's summary. */
export function figuresOf(summary: Summary): TrialRow['figures'] {
  const entries = Object.entries(METRICS).map(([metric, read]) => [metric, read(summary)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/**
 * Episodes of all searches per minute of search time, without fine-tuning; undefined if nothing was searched.
 */
function episodesPerMinute(searches: readonly SearchFigures[]): number | undefined {
  const total = (key: 'episodes' | 'seconds') => searches.reduce((sum, figures) => sum + figures[key], 0);
  return total('seconds') > 0 ? (60 * total('episodes')) / total('seconds') : undefined;
}
