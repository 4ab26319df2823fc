import type { Outcomes, Summary } from '@tersor/compression';
import { compareVariants, type VariantRow } from './compare-variants.js';
import { paretoFront } from '../statistics/pareto.js';
import type { ResultStore } from './result-store.js';
import type { Study } from '../plan/study-schema.js';
import { readStudy, readTrial, type TrialContent } from './study-store.js';
import type { StudyRecord } from './study-records.js';
import { figuresOf, type TrialRow } from './trial-figures.js';

/** Content of `results.json`. */
export interface StudyResults {
  readonly name: string;
  /**
   * As in the study: the name of a variant, or labels that choose one for each combination of other factors.
   */
  readonly baseline?: Study['baseline'];
  readonly variants: readonly VariantRow[];
  readonly trials: readonly TrialRow[];
  /**
   * Indexes into `trials` of the Pareto fronts of test accuracy against bytes and against multiply-adds, by
   * ascending cost.
   */
  readonly pareto: { readonly bytes: readonly number[]; readonly macs: readonly number[] };
}

/** Gathers the results of a study, finished or not. Throws `CONFIG_NOT_FOUND`. */
export async function gatherResults(
  store: ResultStore,
): Promise<{ record: StudyRecord; results: StudyResults; original: Summary['baseline'] | undefined }> {
  const record = await readStudy(store);
  let original: Summary['baseline'] | undefined;
  const trials: TrialRow[] = [];
  const outcomes = new Map<string, Outcomes>();
  for (const cell of record.cells) {
    const found = await readTrial(store, cell.trial);
    original ??= found?.summary?.baseline;
    if (found?.outcomes) outcomes.set(cell.trial, found.outcomes);
    trials.push({ ...cell, ...trialRow(found) });
  }
  return { record, results: summarizeStudy(record, trials, outcomes), original };
}

/** What the results say of a trial, by what its place holds. */
export function trialRow(found: TrialContent | undefined): Omit<TrialRow, 'variant' | 'seed' | 'trial'> {
  return {
    status: found?.record.status ?? 'missing',
    ...(found?.record.status === 'failed' && { error: found.record.error }),
    ...(found?.outcomes && { testImages: found.outcomes.count }),
    figures: found?.summary ? figuresOf(found.summary) : {},
  };
}

/**
 * Computes the results of a study from its trials. With `outcomes` (by trial id), networks are compared image
 * by image; trials that only have `testImages` get the binomial error of that many images.
 */
export function summarizeStudy(
  { study, variants }: Pick<StudyRecord, 'study' | 'variants'>,
  trials: readonly TrialRow[],
  outcomes: ReadonlyMap<string, Outcomes> = new Map(),
): StudyResults {
  const { name, baseline } = study;
  const done = trials.flatMap(({ figures }, index) => (figures.testAccuracy === undefined ? [] : [index]));
  const front = (metric: 'bytes' | 'macs') =>
    paretoFront(
      done,
      (i) => trials[i]!.figures[metric]!,
      (i) => trials[i]!.figures.testAccuracy!,
    ).map((i) => done[i]!);
  return {
    name,
    ...(baseline !== undefined && { baseline }),
    variants: compareVariants({ variants, trials, baseline, outcomes }),
    trials,
    pareto: { bytes: front('bytes'), macs: front('macs') },
  };
}
