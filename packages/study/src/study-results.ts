import type { SearchFigures, Summary } from '@tersor/compression';
import { paretoFront } from './pareto.js';
import { estimate, pairedDifference, type Estimate } from './statistics.js';
import { readStudy, readTrial, type StudyRecord } from './study-store.js';

/** What is compared, read from a trial's summary; undefined where it has no such figure. Accuracies are shares of 1. */
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

/** One trial's figures. A trial that stands for several variants is listed once for each. */
export interface TrialRow {
  readonly variant: string;
  readonly seed: number;
  readonly trial: string;
  readonly status: 'done' | 'failed' | 'interrupted' | 'missing';
  readonly error?: string;
  readonly figures: Readonly<Partial<Record<Metric, number>>>;
}

/** One variant across its seeds. */
export interface VariantRow {
  readonly variant: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly estimates: Readonly<Partial<Record<Metric, Estimate>>>;
  /** Difference to the baseline variant, paired by seed. */
  readonly differences?: Readonly<Partial<Record<Metric, Estimate>>>;
}

/** `results.json`. */
export interface StudyResults {
  readonly name: string;
  readonly baseline?: string;
  readonly variants: readonly VariantRow[];
  readonly trials: readonly TrialRow[];
  /** Indexes into `trials` of those that no other beats in test accuracy against bytes, and against multiply-adds; ascending by cost. */
  readonly pareto: { readonly bytes: readonly number[]; readonly macs: readonly number[] };
}

/** Gathers the results of a study's folder, finished or not. Throws `CONFIG_NOT_FOUND`. */
export async function gatherResults(folder: string): Promise<{ record: StudyRecord; results: StudyResults; original: Summary['baseline'] | undefined }> {
  const record = await readStudy(folder);
  let original: Summary['baseline'] | undefined;
  const trials: TrialRow[] = [];
  for (const cell of record.cells) {
    const found = await readTrial(folder, cell.trial);
    original ??= found?.summary?.baseline;
    trials.push({
      ...cell,
      status: found?.record.status ?? 'missing',
      ...(found?.record.status === 'failed' && { error: found.record.error }),
      figures: found?.summary ? figuresOf(found.summary) : {},
    });
  }
  return { record, results: summarize(record, trials), original };
}

function figuresOf(summary: Summary): TrialRow['figures'] {
  const entries = Object.entries(METRICS).map(([metric, read]) => [metric, read(summary)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Episodes of all searches by the time that these took, fine-tunes not counted; undefined where nothing was searched. */
function episodesPerMinute(searches: readonly SearchFigures[]): number | undefined {
  const total = (key: 'episodes' | 'seconds') => searches.reduce((sum, figures) => sum + figures[key], 0);
  return total('seconds') > 0 ? (60 * total('episodes')) / total('seconds') : undefined;
}

function summarize({ study, variants }: StudyRecord, trials: readonly TrialRow[]): StudyResults {
  const bySeed = (variant: string, metric: Metric) =>
    new Map(trials.flatMap((row) => (row.variant === variant && row.figures[metric] !== undefined ? [[row.seed, row.figures[metric]] as const] : [])));
  const collect = (make: (metric: Metric) => Estimate | undefined) =>
    Object.fromEntries((Object.keys(METRICS) as Metric[]).flatMap((metric) => [[metric, make(metric)] as const].filter(([, value]) => value))) as VariantRow['estimates'];
  const { baseline } = study;
  const rows = variants.map(({ name, labels }): VariantRow => ({
    variant: name,
    labels,
    estimates: collect((metric) => {
      const values = [...bySeed(name, metric).values()];
      return values.length > 0 ? estimate(values) : undefined;
    }),
    ...(baseline !== undefined && name !== baseline && { differences: collect((metric) => pairedDifference(bySeed(name, metric), bySeed(baseline, metric))) }),
  }));
  const done = trials.flatMap(({ figures }, index) => (figures.testAccuracy === undefined ? [] : [index]));
  const front = (metric: 'bytes' | 'macs') => paretoFront(done, (i) => trials[i]!.figures[metric]!, (i) => trials[i]!.figures.testAccuracy!).map((i) => done[i]!);
  return { name: study.name, ...(baseline !== undefined && { baseline }), variants: rows, trials, pareto: { bytes: front('bytes'), macs: front('macs') } };
}
