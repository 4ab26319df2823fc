import { contentChanges } from '@tersor/compression';
import { TersorError } from '@tersor/core';
import type { StudyContent } from '../plan/study-content.js';
import type { StudyPlan } from '../plan/study-plan.js';
import { setCheckpointAside } from '../trials/run-trial.js';
import type { ResultStore } from './result-store.js';
import { readTrial } from './study-store.js';
import type { StudyRecord } from './study-records.js';

/**
 * Checks that the trials in a store had the same inputs (model, data, plugins) as new trials would have.
 * Throws `CHECKPOINT_MISMATCH` with the changes if a trial is done; if it is not, sets its checkpoint aside
 * so that it starts again.
 */
export async function requireSameContent({
  store,
  plan,
  content,
  before,
}: {
  store: ResultStore;
  plan: Pick<StudyPlan, 'cells'>;
  content: StudyContent;
  before: StudyRecord | undefined;
}): Promise<void> {
  const recorded = new Map(
    before?.content?.flatMap(({ identity, trials }) => trials.map((trial) => [trial, identity] as const)),
  );
  for (const { variant, trial } of plan.cells) {
    const found = await readTrial(store, trial);
    const earlier = found?.summary?.identity ?? recorded.get(trial);
    if (!found || !earlier) continue;
    const changes = contentChanges(earlier, content.get(trial)!);
    if (changes.length === 0) continue;
    if (found.record.status !== 'done') {
      await setCheckpointAside(store.trial(trial));
      continue;
    }
    throw new TersorError(
      'CHECKPOINT_MISMATCH',
      `The study in ${store.name} has trials of "${variant}" with different inputs: ${changes.join('; ')}.`,
      {
        hint: 'Old and new results must not be averaged: choose another folder with --out, or restore the inputs.',
      },
    );
  }
}
