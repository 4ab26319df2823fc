import { isDeepStrictEqual } from 'node:util';
import { contentChanges } from '@tersor/compression';
import { TersorError, type RunIdentity } from '@tersor/core';
import { writeStudyReport } from '../report/write-reports.js';
import { replaceFiles } from '../results/copy-files.js';
import type { ResultStore } from '../results/result-store.js';
import type { StudyResults } from '../results/study-results.js';
import { openStudy, readStudy, readTrial, writeStudy } from '../results/study-store.js';
import type { StudyRecord } from '../results/study-records.js';

export interface CollectOptions {
  /** Stores that hold parts of the study; at least one. */
  readonly from: readonly ResultStore[];
  /** Store that receives everything; may be one of `from`. */
  readonly into: ResultStore;
  /** Called when a trial is not copied: two stores have it, or it is being run. */
  onNotice?(text: string): void;
}

/**
 * Joins the parts of a study that ran in several stores, and writes `results.json`, `results.csv` and
 * `report.html` from all their trials, finished or not. Nothing in `into` is lost, so this can be called
 * again when more parts have ended. Throws `CONFIG_NOT_FOUND` for a store without a study,
 * `CHECKPOINT_MISMATCH` when the parts differ in study, version or content, `OUTPUT_LOCKED`, `OUTPUT_FAILED`.
 */
export async function collectStudy({
  from,
  into,
  onNotice = () => undefined,
}: CollectOptions): Promise<StudyResults> {
  const records = new Map<ResultStore, StudyRecord>();
  for (const store of from) records.set(store, await readStudy(store));
  const [first, record] = [...records][0]!;
  for (const [store, other] of records) requireSameStudy({ store: first, record }, { store, record: other });
  const unlock = await into.lock();
  try {
    const before = await openStudy(into, record, true);
    if (before) requireSameStudy({ store: first, record }, { store: into, record: before });
    await requireOneContent([...from, into], record);
    for (const store of from) await copyTrials(store, into, record, onNotice);
    if (!before) await writeStudy(into, record);
    return await writeStudyReport(into);
  } finally {
    await unlock();
  }
}

interface Opened {
  readonly store: ResultStore;
  readonly record: StudyRecord;
}

function requireSameStudy(a: Opened, b: Opened): void {
  const planOf = ({ record: { variants, cells } }: Opened) => ({ variants, cells });
  const problem = isDeepStrictEqual(planOf(a), planOf(b))
    ? Object.keys(a.record.versions)
        .filter((name) => a.record.versions[name] !== b.record.versions[name])
        .map((name) => `${name} ${a.record.versions[name]} and ${b.record.versions[name]}`)[0]
    : 'different variants, seeds or settings';
  if (problem === undefined) return;
  throw new TersorError(
    'CHECKPOINT_MISMATCH',
    `${a.store.name} and ${b.store.name} do not belong to the same study: ${problem}.`,
    { hint: 'Collect only folders written by jobs of the same study, with the same versions.' },
  );
}

/** Throws `CHECKPOINT_MISMATCH` when trials of one variant were run on different models, data or plugins. */
async function requireOneContent(stores: readonly ResultStore[], { cells }: StudyRecord): Promise<void> {
  const known = new Map<string, { readonly identity: RunIdentity; readonly store: ResultStore }>();
  for (const store of stores)
    for (const { variant, seed, trial } of cells) {
      const identity = (await readTrial(store, trial))?.summary?.identity;
      if (!identity) continue;
      // A data set may depend on the seed: only trials of the same seed must share it.
      for (const [key, part] of [
        [variant, { ...identity, dataset: '' }],
        [`${variant} ${seed}`, identity],
      ] as const) {
        const other = known.get(key);
        const changes = other ? contentChanges(other.identity, part) : [];
        if (changes.length > 0)
          throw new TersorError(
            'CHECKPOINT_MISMATCH',
            `${other!.store.name} and ${store.name} have trials of "${variant}" with different inputs: ${changes.join('; ')}.`,
            { hint: 'Their results must not be averaged: run those with the wrong inputs again.' },
          );
        known.set(key, { identity: part, store });
      }
    }
}

/** Copies the trials that are not done in `into`: what `from` has of a trial replaces an unfinished one. */
async function copyTrials(
  from: ResultStore,
  into: ResultStore,
  { cells }: StudyRecord,
  onNotice: (text: string) => void,
): Promise<void> {
  if (from === into || from.name === into.name) return;
  for (const id of new Set(cells.map(({ trial }) => trial))) {
    const [here, there] = [await readTrial(from, id), await readTrial(into, id)];
    if (!here) continue;
    if (there?.record.status === 'done') {
      if (here.record.status === 'done')
        onNotice(`Trial ${id} of ${from.name} was not copied: ${into.name} already has it.`);
      continue;
    }
    const place = into.trial(id);
    // Until all is there, it counts as missing.
    await place.remove('trial.json');
    if (!(await replaceFiles(from.trial(id), place)))
      onNotice(
        `Trial ${id} of ${from.name} was not copied: its files changed meanwhile. Collect it when its job has ended.`,
      );
  }
}
