import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { TersorError } from '@tersor/core';
import type { StudyContent } from '../plan/study-content.js';
import { requireUnharmedInputs } from '../plan/study-guard.js';
import { planStudy, type PlannedTrial, type StudyPlan } from '../plan/study-plan.js';
import { requireSameContent } from '../results/same-content.js';
import { describeStudy, openStudy, writeStudy } from '../results/study-store.js';
import type { StudyRecord, TrialRecord } from '../results/study-records.js';
import type { RunStudyOptions } from '../run-study.js';
import { runTrials } from '../trials/run-trials.js';

export interface RunPartOptions extends Omit<RunStudyOptions, 'resume' | 'yes'> {
  /** Number of the part, from 0. */
  readonly index: number;
  /** Number of parts that the trials are dealt into, in turn. By default, each trial is a part. */
  readonly of?: number | undefined;
}

/**
 * Runs one part of a study as an array job of a cluster's scheduler. Every job plans the same study and runs
 * the trials `index`, `index + of`, ... Jobs may share a store, or each have their own, which `collectStudy`
 * joins. Finished trials are not run again and interrupted ones continue, so a job that is queued again loses
 * nothing. No report is written. Resolves to how the part's trials ended. Throws what `runStudy` throws, and
 * `CONFIG_INVALID` for a part that does not exist.
 */
export async function runPart(options: RunPartOptions): Promise<TrialRecord[]> {
  const { study, path, store, runner, identify, onTrial } = options;
  const { signal = new AbortController().signal, onNotice = () => undefined } = options;
  const plan = await planStudy(study, path);
  if (plan.rungs)
    throw new TersorError(
      'CONFIG_INVALID',
      'Successive halving cannot run in parts: it chooses the next trials by the results of earlier ones.',
      { hint: 'Run it with `tersor study`, or choose the sampler "grid" or "random".' },
    );
  const trials = partOf(plan.trials, options);
  const part = {
    ...plan,
    trials,
    cells: plan.cells.filter(({ trial }) => trials.some(({ id }) => id === trial)),
  };
  if (store.study.folder !== undefined) await requireUnharmedInputs(store.study.folder, part, path);
  // Not once per variant, as for a whole study: a part may have a single seed of each.
  const content = new Map<string, Awaited<ReturnType<typeof identify>>>();
  for (const { id, config } of trials) content.set(id, await identify(config));
  await requireStore({ plan, part, content }, options);
  const directory = dirname(plan.configPath);
  const records = await runTrials(part, content, {
    study,
    directory,
    store,
    runner,
    signal,
    onNotice,
    onTrial,
  });
  if (signal.aborted)
    throw new TersorError('INTERRUPTED', 'This part of the study was stopped.', {
      hint: 'Run the same command again: it continues from what the trials have saved.',
    });
  return records;
}

/** Checks that a store belongs to this study; a new store gets its `study.json`. */
async function requireStore(
  { plan, part, content }: { plan: StudyPlan; part: StudyPlan; content: StudyContent },
  { study, store, version }: Pick<RunPartOptions, 'study' | 'store' | 'version'>,
): Promise<void> {
  const record = describeStudy(study, plan, version);
  const before = await openStudy(store, record, true);
  await requireSameContent({ store, plan: part, content, before });
  // No lock on the study: other parts write the same content at the same time.
  const planOf = ({ variants, cells }: StudyRecord) => ({ variants, cells });
  if (!before || !isDeepStrictEqual(planOf(before), planOf(record))) await writeStudy(store, record);
}

/** The trials of a part. Throws `CONFIG_INVALID`. */
function partOf(
  trials: readonly PlannedTrial[],
  { index, of }: Pick<RunPartOptions, 'index' | 'of'>,
): PlannedTrial[] {
  const parts = of ?? trials.length;
  if (index >= 0 && index < parts) return trials.filter((_, i) => i % parts === index);
  const whole = of === undefined ? `The study has ${trials.length} trials` : `The study has ${of} parts`;
  throw new TersorError('CONFIG_INVALID', `${whole}: there is no part ${index}.`, {
    hint: `Choose --index from 0 to ${parts - 1}.`,
  });
}
