import { lockOutput } from '@tersor/compression';
import { TersorError } from '@tersor/core';
import { overridesOf, planStudy, type PlannedTrial } from './study-plan.js';
import { requireFreeStudyFolder } from './study-guard.js';
import { describeStudy, openStudyFolder, readTrial, trialFolder, writeTrial, type TrialRecord } from './study-store.js';
import type { Study } from './study-schema.js';
import type { StudyResults } from './study-results.js';
import type { TrialRunner } from './trial-runner.js';
import { writeStudyReport } from './write-reports.js';

export interface RunStudyOptions {
  readonly study: Study;
  /** File that the study was read from: its paths are relative to it. */
  readonly path: string;
  /** Folder that the study is written to. */
  readonly output: string;
  readonly runner: TrialRunner;
  /** Version of Tersor that runs the trials. */
  readonly version: string;
  /** Trials at the same time. */
  readonly jobs: number;
  /** Run only what is missing in the folder. */
  readonly resume?: boolean;
  /** Run more trials than the study's limit. */
  readonly yes?: boolean;
  /** Stops the study: running trials save themselves, no more are started. */
  readonly signal?: AbortSignal;
  /** Called after every trial, also for those that were there already. */
  onTrial?(trial: PlannedTrial, record: TrialRecord, progress: { readonly done: number; readonly total: number; readonly reused: boolean }): void;
}

/**
 * Runs a study: plans it, takes its folder, runs the trials that the folder lacks, and writes `results.json` and `report.html` from all that are there. A trial that
 * crashes is recorded and the others go on. Throws `CONFIG_INVALID`, `OUTPUT_LOCKED`, `OUTPUT_FAILED`, `CHECKPOINT_MISMATCH`; `INTERRUPTED` after `signal`.
 */
export async function runStudy({ study, path, output, runner, version, jobs, resume = false, yes = false, signal = new AbortController().signal, onTrial }: RunStudyOptions): Promise<StudyResults> {
  const plan = await planStudy(study, path);
  if (plan.trials.length > study.limit && !yes) {
    throw new TersorError('CONFIG_INVALID', `The study has ${plan.trials.length} trials, more than its limit of ${study.limit}.`, { hint: 'Run it with --yes, or raise "limit".' });
  }
  await requireFreeStudyFolder(output, plan, path);
  const unlock = await lockOutput(output);
  try {
    await openStudyFolder(output, describeStudy(study, plan, version), resume);
    const waiting = [...plan.trials];
    let done = 0;
    const work = async () => {
      for (let trial = waiting.shift(); trial && !signal.aborted; trial = waiting.shift()) {
        const before = await readTrial(output, trial.id);
        const reused = before?.record.status === 'done';
        const record = reused ? before.record : await runTrial(trial);
        onTrial?.(trial, record, { done: ++done, total: plan.trials.length, reused });
      }
    };
    const runTrial = async ({ id, settings }: PlannedTrial): Promise<TrialRecord> => {
      const started = performance.now();
      const outcome = await runner.run({ id, configPath: plan.configPath, overrides: overridesOf(settings), folder: trialFolder(output, id) }, signal);
      const record = { id, ...outcome, seconds: (performance.now() - started) / 1000 };
      await writeTrial(output, record);
      if (record.status !== 'done' || (await readTrial(output, id))) return record;
      const mismatch = { id, status: 'failed', error: 'The results are not those of these settings: was the base config changed while the study ran?', seconds: record.seconds } as const;
      await writeTrial(output, mismatch);
      return mismatch;
    };
    await Promise.all(Array.from({ length: jobs }, work));
    const results = await writeStudyReport(output);
    if (signal.aborted) throw new TersorError('INTERRUPTED', 'The study was stopped.', { hint: 'Go on with the same command and --resume.' });
    return results;
  } finally {
    await unlock();
  }
}
