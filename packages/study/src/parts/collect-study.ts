import { isDeepStrictEqual } from 'node:util';
import { contentChanges } from '@tersor/compression';
import { TersorError, type FilePlace, type RunIdentity } from '@tersor/core';
import { writeStudyReport } from '../report/write-reports.js';
import type { ResultStore } from '../results/result-store.js';
import type { StudyResults } from '../results/study-results.js';
import { openStudy, readStudy, readTrial, writeStudy, type StudyRecord } from '../results/study-store.js';

export interface CollectOptions {
  /** Stores that parts of a study ran in; at least one. */
  readonly from: readonly ResultStore[];
  /** Where all is gathered; may be one of `from`. */
  readonly into: ResultStore;
  /** Called with what is worth knowing: a trial that two stores have. */
  onNotice?(text: string): void;
}

/**
 * Joins the parts of a study that ran in several stores, and writes `results.json`, `results.csv` and
 * `report.html` from all that are there, finished or not. What `into` has already stays, so this can be
 * called again when more parts have ended. Throws `CONFIG_NOT_FOUND` for a store without a study,
 * `CHECKPOINT_MISMATCH` for parts of two studies, two versions or two contents, `OUTPUT_LOCKED`,
 * `OUTPUT_FAILED`.
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
    : 'other variants, seeds or settings';
  if (problem === undefined) return;
  throw new TersorError(
    'CHECKPOINT_MISMATCH',
    `${a.store.name} and ${b.store.name} are not of one study: ${problem}.`,
    { hint: 'Collect only folders that jobs of the same study, with the same versions, have written.' },
  );
}

/** Throws `CHECKPOINT_MISMATCH` where trials of one variant and seed-independent content differ. */
async function requireOneContent(stores: readonly ResultStore[], { cells }: StudyRecord): Promise<void> {
  const known = new Map<string, { readonly identity: RunIdentity; readonly store: ResultStore }>();
  for (const store of stores)
    for (const { variant, seed, trial } of cells) {
      const identity = (await readTrial(store, trial))?.summary?.identity;
      if (!identity) continue;
      // A data set may be drawn by the seed: only trials with the same seed have to have the same one.
      for (const [key, part] of [
        [variant, { ...identity, dataset: '' }],
        [`${variant} ${seed}`, identity],
      ] as const) {
        const other = known.get(key);
        const changes = other ? contentChanges(other.identity, part) : [];
        if (changes.length > 0)
          throw new TersorError(
            'CHECKPOINT_MISMATCH',
            `${other!.store.name} and ${store.name} have trials of different things (${variant}): ${changes.join('; ')}.`,
            { hint: 'Results of both must not be averaged: run the ones that are wrong again.' },
          );
        known.set(key, { identity: part, store });
      }
    }
}

/** Copies trials that the other store lacks; those that are done go before those that are not. */
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
        onNotice(`Trial ${id} of ${from.name} is in ${into.name} already, and was left there.`);
      continue;
    }
    await copyFiles(from.trial(id), into.trial(id));
  }
}

/** `trial.json` goes last: whoever finds it finds the rest. */
async function copyFiles(from: FilePlace, into: FilePlace): Promise<void> {
  const last = 'trial.json';
  await into.remove(last);
  const names = (await from.list()).filter((name) => name !== last && name !== '.lock');
  for (const name of [...names, last]) {
    const content = await from.get(name);
    if (content) await into.put(name, content);
  }
}
