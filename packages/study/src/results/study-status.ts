import { planStudy } from '../plan/study-plan.js';
import { knownPlan } from '../trials/run-rungs.js';
import type { Study } from '../plan/study-schema.js';
import type { ResultStore } from './result-store.js';
import { readTrial } from './study-store.js';

/**
 * How many trials of a study have come how far, by what lies in its store; of successive halving those that
 * are known by now.
 */
export interface StudyStatus {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly interrupted: number;
  readonly missing: number;
}

/** Counts the trials of a study by how they ended. Reads no model or data. Throws `CONFIG_INVALID`. */
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
