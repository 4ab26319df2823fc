import type { TrialRunner } from '@tersor/core';
import { contentOf, type Identify } from './plan/study-content.js';
import { mostTrials, planStudy, type PlannedTrial } from './plan/study-plan.js';
import type { ResultStore } from './results/result-store.js';
import { readTrial } from './results/study-store.js';
import type { TrialRecord } from './results/study-records.js';
import { knownPlan } from './trials/run-rungs.js';
import { createTimer } from './trials/study-timer.js';
import type { Study } from './plan/study-schema.js';

/** What a study would run; with successive halving, as far as that is known. */
export interface StudyPreview {
  readonly variants: readonly string[];
  readonly trials: readonly {
    readonly trial: PlannedTrial;
    readonly variants: readonly string[];
    readonly status: TrialRecord['status'] | 'missing';
  }[];
  /** How many trials the study runs at most. */
  readonly most: number;
  /** Estimated seconds for the missing trials, from those that are done; undefined while none is. */
  readonly secondsLeft?: number;
}

interface PreviewOptions {
  readonly study: Study;
  readonly path: string;
  readonly store: ResultStore;
  readonly runner: Pick<TrialRunner, 'concurrency'>;
  readonly identify: Identify;
}

/**
 * Plans a study and looks up which of its trials the store has. Runs and writes nothing. Throws
 * `CONFIG_INVALID`, and what `identify` throws.
 */
export async function previewStudy({
  study,
  path,
  store,
  runner,
  identify,
}: PreviewOptions): Promise<StudyPreview> {
  const whole = await planStudy(study, path);
  await contentOf(whole, identify);
  const plan = await knownPlan(whole, study, store);
  const variants = new Map<string, string[]>();
  for (const { trial, variant } of plan.cells) variants.set(trial, [...(variants.get(trial) ?? []), variant]);
  const timer = createTimer(plan, runner.concurrency);
  const trials = [];
  for (const trial of plan.trials) {
    const record = (await readTrial(store, trial.id))?.record;
    if (record?.status === 'done') timer.add(trial, record);
    trials.push({
      trial,
      variants: variants.get(trial.id)!,
      status: record?.status ?? ('missing' as const),
    });
  }
  const { secondsLeft } = timer.progress();
  return {
    variants: plan.variants.map(({ name }) => name),
    trials,
    most: mostTrials(whole, study),
    ...(secondsLeft !== undefined && { secondsLeft }),
  };
}
