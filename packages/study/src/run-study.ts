import { dirname } from 'node:path';
import type { StartCommand } from '@tersor/compression';
import { TersorError, type TrialRunner } from '@tersor/core';
import { contentOf, contentRecord, type Identify } from './plan/study-content.js';
import { requireUnharmedInputs } from './plan/study-guard.js';
import { mostTrials, planStudy, type PlannedTrial, type StudyPlan } from './plan/study-plan.js';
import type { Study } from './plan/study-schema.js';
import { writeStudyReport } from './report/write-reports.js';
import type { ResultStore } from './results/result-store.js';
import type { StudyResults } from './results/study-results.js';
import { requireSameContent } from './results/same-content.js';
import { describeStudy, openStudy, writeJson, writeStudy, type TrialRecord } from './results/study-store.js';
import { runRungs, type KnownPlan } from './trials/run-rungs.js';
import { runTrials, type StudyProgress } from './trials/run-trials.js';
import { withoutPasswords } from './results/without-passwords.js';

export interface RunStudyOptions {
  readonly study: Study;
  /** File that the study was read from: its paths are relative to it. */
  readonly path: string;
  /** Where results are kept, and read again: `folderStore(path)` for a folder. */
  readonly store: ResultStore;
  /** Runs the trials, as many at the same time as its `concurrency` says. */
  readonly runner: TrialRunner;
  /** Version of Tersor that runs the trials. */
  readonly version: string;
  /** Run only what is missing in the store. */
  readonly resume?: boolean;
  /** Run more trials than the study's limit. */
  readonly yes?: boolean;
  /** Stops the study: running trials save themselves, no more are started. */
  readonly signal?: AbortSignal;
  /** How the study was started, for whoever wants to start it again: kept as `command.json`. */
  readonly command?: StartCommand;
  /**
   * Says what trials come from, so that what the store has of other content is not averaged with new trials.
   */
  readonly identify: Identify;
  /** Called after every trial, also for those that were there already. */
  onTrial?(trial: PlannedTrial, record: TrialRecord, progress: StudyProgress): void;
  /** Called with what is worth knowing: a trial that is run again, or waited for. */
  onNotice?(text: string): void;
}

/**
 * Runs a study: plans it, takes its store, runs the trials that the store lacks, and writes `results.json`,
 * `results.csv` and `report.html` from all that are there. A trial that crashes is recorded and the others go
 * on. Throws `CONFIG_INVALID`, `OUTPUT_LOCKED`, `OUTPUT_FAILED`, `CHECKPOINT_MISMATCH` (the store has trials
 * of another version or content), what `identify` throws; `INTERRUPTED` after `signal`.
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
    if (plan.rungs) await runRungs(plan, content, context);
    else {
      await onChosen(plan);
      await runTrials(plan, content, context);
    }
    const results = await writeStudyReport(store);
    if (signal.aborted)
      throw new TersorError('INTERRUPTED', 'The study was stopped.', {
        hint: 'Go on with the same command and --resume.',
      });
    return results;
  } finally {
    await unlock();
  }
}

/** Throws `CONFIG_INVALID` for a study of more trials than its limit. */
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
