import { join } from 'node:path';
import { folderPlace, readJson, type StudyResults, type TrialRow } from '@tersor/study';
import { timeOf } from './time-of.js';

/** The `results.json` of a study, which says in one file what else ten thousand folders say. */
export interface KnownResults {
  /** Trials that ended no later than this are in it as they are. */
  readonly stamp: number;
  readonly results: StudyResults;
  readonly byTrial: ReadonlyMap<string, TrialRow>;
}

/** Reads it anew where it has changed; undefined where there is none, or one of another shape. */
export function createResultsReader(folder: string): () => Promise<KnownResults | undefined> {
  let last: { readonly stamp: number; readonly known: KnownResults | undefined } | undefined;
  return async () => {
    const stamp = await timeOf(join(folder, 'results.json'));
    if (stamp === undefined) last = undefined;
    else if (last?.stamp !== stamp) {
      const read = await readJson<StudyResults>(folderPlace(folder), 'results.json').catch(() => undefined);
      const results = read && isWhole(read) ? read : undefined;
      const rows = (results?.trials ?? []).map((row) => [row.trial, row] as const);
      last = { stamp, known: results && { stamp, results, byTrial: new Map(rows) } };
    }
    return last?.known;
  };
}

/** Whether it has what pages read of it: it may be of an earlier version, or of somebody else. */
function isWhole({ variants, trials, pareto }: StudyResults): boolean {
  const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
  return (
    Array.isArray(variants) &&
    variants.every((row) => isObject(row) && [row.labels, row.trials, row.estimates].every(isObject)) &&
    Array.isArray(trials) &&
    trials.every((row) => isObject(row) && isObject(row.figures) && typeof row.trial === 'string') &&
    [pareto?.bytes, pareto?.macs].every((front) => Array.isArray(front) && front.every((i) => trials[i]))
  );
}
