import { planStudy } from '../plan/study-plan.js';
import { knownPlan } from '../trials/run-rungs.js';
import type { Study } from '../plan/study-schema.js';
import type { ResultStore } from './result-store.js';
import { readTrial } from './study-store.js';

/**
 * Number of a study's trials by status, according to its store. With successive halving, only the trials
 * known so far are counted.
 */
export interface StudyStatus {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly interrupted: number;
  readonly missing: number;
}

/** Counts the trials of a study by status. Reads no model or data. Throws `CONFIG_INVALID`. */
export async function studyStatus({
  study,
  path,
  store,
}: {
  readonly study: Study;
  readonly path: string;
  readonly store: ResultStore;
}): Promise<StudyStatus> {
  const { trials } = await knownPlan(await planStudy(study, path), study, store);
  const counts = { total: trials.length, done: 0, failed: 0, interrupted: 0, missing: 0 };
  for (const { id } of trials) counts[(await readTrial(store, id))?.record.status ?? 'missing']++;
  return counts;
}
