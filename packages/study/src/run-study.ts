import { dirname } from 'node:path';
import type { StartCommand } from '@tersor/compression';
import { isTersorError, TersorError, type TrialRunner } from '@tersor/core';
import { contentOf, contentRecord, type Identify } from './plan/study-content.js';
import { requireUnharmedInputs } from './plan/study-guard.js';
import { mostTrials, planStudy, type PlannedTrial, type StudyPlan } from './plan/study-plan.js';
import type { Study } from './plan/study-schema.js';
import { writeStudyReport } from './report/write-reports.js';
import type { ResultStore } from './results/result-store.js';
import type { StudyResults } from './results/study-results.js';
import { requireSameContent } from './results/same-content.js';
import { describeStudy, openStudy, writeJson, writeStudy } from './results/study-store.js';
import type { TrialRecord } from './results/study-records.js';
import { runRungs, type KnownPlan } from './trials/run-rungs.js';
import { runTrials, type StudyProgress } from './trials/run-trials.js';
import { withoutPasswords } from './results/without-passwords.js';

export interface RunStudyOptions {
  readonly study: Study;
  /** File that the study was read from; its paths are relative to it. */
  readonly path: string;
  /** Where results are kept: `folderStore(path)` for a folder. */
  readonly store: ResultStore;
  /** Runs the trials, up to its `concurrency` at the same time. */
  readonly runner: TrialRunner;
  /** Version of Tersor that runs the trials. */
  readonly version: string;
  /** Whether the store may already hold this study; then only its missing trials are run. */
  readonly resume?: boolean;
  /** Whether to run more trials than the study's limit. */
  readonly yes?: boolean;
  /** Stops the study: running trials save their state, and no more are started. */
  readonly signal?: AbortSignal;
  /** How the study was started, kept as `command.json` so that it can be started again. */
  readonly command?: StartCommand;
  /**
   * Identifies what trials come from, so that results of different content are not averaged.
   */
  readonly identify: Identify;
  /** Called after every trial, including those that the store already had. */
  onTrial?(trial: PlannedTrial, record: TrialRecord, progress: StudyProgress): void;
  /** Called with messages for the user, for instance that a trial is run again or waited for. */
  onNotice?(text: string): void;
}

/**
 * Runs a study: plans it, locks its store, runs the trials that the store lacks, and writes `results.json`,
 * `results.csv` and `report.html` from all trials in the store. A trial that crashes is recorded as failed
 * and the others continue. Throws `CONFIG_INVALID`, `OUTPUT_LOCKED`, `OUTPUT_FAILED`, `CHECKPOINT_MISMATCH`
 * (the store has trials of another version or content), what `identify` throws; `INTERRUPTED` after `signal`.
 */
export async function runStudy(options: RunStudyOptions): Promise<StudyResults> {
  const {
    study,
    path,
    store,
    runner,
    version,
    identify,
    resume = false,
    signal = new AbortController().signal,
    onTrial,
    onNotice = () => undefined,
  } = options;
  const plan = await planStudy(study, path);
  requireWithinLimit(plan, options);
  if (store.study.folder !== undefined) await requireUnharmedInputs(store.study.folder, plan, path);
  await runner.ready?.();
  const content = await contentOf(plan, identify);
  const unlock = await store.lock();
  try {
    const before = await openStudy(store, describeStudy(study, plan, version), resume);
    await requireSameContent({ store, plan, content, before });
    const onChosen = (known: KnownPlan) =>
      writeStudy(store, { ...describeStudy(study, known, version), content: contentRecord(content) });
    if (options.command) await writeJson(store.study, 'command.json', withoutPasswords(options.command));
    const directory = dirname(plan.configPath);
    const context = { study, directory, store, runner, signal, onNotice, onTrial, onChosen };
    let failure: unknown;
    if (plan.rungs)
      await runRungs(plan, content, context).catch((error: unknown) => {
        if (!isFailureOfAll(error)) throw error;
        failure = error;
      });
    else {
      await onChosen(plan);
      await runTrials(plan, content, context);
    }
    const results = await writeStudyReport(store);
    if (failure !== undefined) throw failure;
    if (signal.aborted)
      throw new TersorError('INTERRUPTED', 'The study was stopped.', {
        hint: 'Run the same command with --resume to continue.',
      });
    return results;
  } finally {
    await unlock();
  }
}

/** Whether no variant can go on because each has a trial that failed: the report says which, and why. */
function isFailureOfAll(error: unknown): boolean {
  return isTersorError(error) && error.code === 'TRIALS_FAILED';
}

/** Throws `CONFIG_INVALID` if a study has more trials than its limit. */
function requireWithinLimit(
  plan: StudyPlan,
  { study, yes = false }: { readonly study: Study; readonly yes?: boolean },
): void {
  const most = mostTrials(plan, study);
  if (most <= study.limit || yes) return;
  throw new TersorError(
    'CONFIG_INVALID',
    `The study has ${plan.rungs ? 'up to ' : ''}${most} trials, more than its limit of ${study.limit}.`,
    { hint: 'Run it with --yes, or raise "limit".' },
  );
}
