import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { TersorError } from '@tersor/core';
import type { StudyContent } from '../plan/study-content.js';
import { requireUnharmedInputs } from '../plan/study-guard.js';
import { planStudy, type PlannedTrial, type StudyPlan } from '../plan/study-plan.js';
import { requireSameContent } from '../results/same-content.js';
import {
  describeStudy,
  openStudy,
  writeStudy,
  type StudyRecord,
  type TrialRecord,
} from '../results/study-store.js';
import type { RunStudyOptions } from '../run-study.js';
import { runTrials } from '../trials/run-trials.js';

export interface RunPartOptions extends Omit<RunStudyOptions, 'resume' | 'yes'> {
  /** Which part, from 0: of all trials, or of `of` parts. */
  readonly index: number;
  /** In how many parts the trials are dealt out, one by one; without it every trial is a part of its own. */
  readonly of?: number | undefined;
}

/**
 * Runs one part of a study, for the array jobs of a cluster's own scheduler: every job plans the same study
 * and takes the trials `index`, `index + of`, ... of it. Jobs may share one store, or have one each that
 * `collectStudy` joins. What a store already has is not run again, and an interrupted trial goes on, so a job
 * that is queued again loses nothing. No report is written. Resolves to how the part's trials ended. Throws
 * what `runStudy` throws, and `CONFIG_INVALID` for a part that the study does not have.
 */
export async function runPart(options: RunPartOptions): Promise<TrialRecord[]> {
  const { study, path, store, runner, identify, onTrial } = options;
  const { signal = new AbortController().signal, onNotice = () => undefined } = options;
  const plan = await planStudy(study, path);
  if (plan.rungs)
    throw new TersorError(
      'CONFIG_INVALID',
      'Successive halving chooses by results what it runs next: its parts are not known beforehand.',
      { hint: 'Run it with `tersor study`, or choose the sampler "grid" or "random".' },
    );
  const trials = partOf(plan.trials, options);
  const part = {
    ...plan,
    trials,
    cells: plan.cells.filter(({ trial }) => trials.some(({ id }) => id === trial)),
  };
  if (store.study.folder !== undefined) await requireUnharmedInputs(store.study.folder, part, path);
  // Not by variant, as a whole study does: a part may have one seed alone of each.
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
      hint: 'Start the same command again: it goes on where the trials have saved themselves.',
    });
  return records;
}

/** Makes sure that a store is this study's, and says so in one that is new. */
async function requireStore(
  { plan, part, content }: { plan: StudyPlan; part: StudyPlan; content: StudyContent },
  { study, store, version }: Pick<RunPartOptions, 'study' | 'store' | 'version'>,
): Promise<void> {
  const record = describeStudy(study, plan, version);
  const before = await openStudy(store, record, true);
  await requireSameContent({ store, plan: part, content, before });
  // Other parts write the same at the same time; nobody waits for a lock on the whole study.
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
  const whole = of === undefined ? `The study has ${trials.length} trials` : `The study is in ${of} parts`;
  throw new TersorError('CONFIG_INVALID', `${whole}: there is no number ${index}.`, {
    hint: `--index is from 0 to ${parts - 1}.`,
  });
}
