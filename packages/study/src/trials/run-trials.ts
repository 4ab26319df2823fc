import { setMaxListeners } from 'node:events';
import type { StudyContent } from '../plan/study-content.js';
import type { PlannedTrial, StudyPlan } from '../plan/study-plan.js';
import { readTrial } from '../results/study-store.js';
import type { TrialRecord } from '../results/study-records.js';
import { removeBulk, runTrial, type TrialContext } from './run-trial.js';
import { createTimer } from './study-timer.js';

/** Progress of a study. */
export interface StudyProgress {
  readonly done: number;
  readonly total: number;
  /** Whether the store already had the trial's result. */
  readonly reused: boolean;
  /** Estimated seconds for the rest, from the trials that are done; undefined while none is. */
  readonly secondsLeft?: number;
}

/** What `runTrials` needs besides the trials. */
export interface TrialsContext extends TrialContext {
  /** Called after every trial, including those that the store already had. */
  readonly onTrial?:
    | ((trial: PlannedTrial, record: TrialRecord, progress: StudyProgress) => void)
    | undefined;
}

/**
 * Runs the trials of a plan that are not done in the store, up to the runner's `concurrency` at the same
 * time. Resolves to how each ended; trials that `signal` came before are left out. Where the record of one
 * cannot be read or written, the others are stopped, so that they save themselves, and then that error is
 * thrown.
 */
export async function runTrials(
  { cells, trials }: Pick<StudyPlan, 'cells' | 'trials'>,
  content: StudyContent,
  context: TrialsContext,
): Promise<TrialRecord[]> {
  const { study, store, runner, onTrial } = context;
  const stop = new AbortController();
  const follow = () => stop.abort(context.signal.reason);
  context.signal.addEventListener('abort', follow);
  if (context.signal.aborted) follow();
  const { signal } = stop;
  // Every running trial adds a listener; with a queue there are hundreds.
  setMaxListeners(0, signal);
  const waiting = [...trials];
  const began = performance.now();
  let spent = 0;
  // With a queue, the number that run at once is unknown: estimate it as trial time over elapsed time.
  const atOnce = () => (runner.work ? (1000 * spent) / (performance.now() - began) : runner.concurrency);
  const timer = createTimer({ cells, trials }, atOnce);
  const records: TrialRecord[] = [];
  const work = async () => {
    for (let trial = waiting.shift(); trial && !signal.aborted; trial = waiting.shift()) {
      const found = await readTrial(store, trial.id);
      const reused = found?.record.status === 'done';
      const record = reused
        ? found.record
        : await runTrial(trial, { ...context, signal }, content.get(trial.id)!);
      if (reused && study.keep === 'summaries') await removeBulk(store.trial(trial.id));
      records.push(record);
      if (!reused) spent += record.seconds;
      timer.add(trial, record);
      onTrial?.(trial, record, { ...timer.progress(), reused });
    }
  };
  const errors: unknown[] = [];
  const workOrStop = () =>
    work().catch((error: unknown) => {
      errors.push(error);
      stop.abort();
    });
  await Promise.all(Array.from({ length: Math.min(runner.concurrency, trials.length) }, workOrStop));
  context.signal.removeEventListener('abort', follow);
  if (errors.length > 0) throw errors[0];
  return records;
}
