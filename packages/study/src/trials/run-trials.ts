import { setMaxListeners } from 'node:events';
import type { StudyContent } from '../plan/study-content.js';
import type { PlannedTrial, StudyPlan } from '../plan/study-plan.js';
import { readTrial, type TrialRecord } from '../results/study-store.js';
import { removeBulk, runTrial, type TrialContext } from './run-trial.js';
import { createTimer } from './study-timer.js';

/** How far a study is. */
export interface StudyProgress {
  readonly done: number;
  readonly total: number;
  /** Whether the trial was there already. */
  readonly reused: boolean;
  /** Seconds that the rest takes, judged by the trials that are done; undefined where none is. */
  readonly secondsLeft?: number;
}

/** What `runTrials` needs besides the trials. */
export interface TrialsContext extends TrialContext {
  /** Called after every trial, also for those that were there already. */
  readonly onTrial?:
    | ((trial: PlannedTrial, record: TrialRecord, progress: StudyProgress) => void)
    | undefined;
}

/**
 * Runs those trials of a plan that the store lacks, as many at the same time as the runner takes; resolves to
 * how each ended that was looked at before `signal`.
 */
export async function runTrials(
  { cells, trials }: Pick<StudyPlan, 'cells' | 'trials'>,
  content: StudyContent,
  context: TrialsContext,
): Promise<TrialRecord[]> {
  const { study, store, runner, signal, onTrial } = context;
  // Every trial that runs listens, and over a queue these are hundreds.
  setMaxListeners(0, signal);
  const waiting = [...trials];
  const began = performance.now();
  let spent = 0;
  // Of a queue nobody knows how many run at a time: the time of the trials, over the time that went by.
  const atOnce = () => (runner.work ? (1000 * spent) / (performance.now() - began) : runner.concurrency);
  const timer = createTimer({ cells, trials }, atOnce);
  const records: TrialRecord[] = [];
  const work = async () => {
    for (let trial = waiting.shift(); trial && !signal.aborted; trial = waiting.shift()) {
      const found = await readTrial(store, trial.id);
      const reused = found?.record.status === 'done';
      const record = reused ? found.record : await runTrial(trial, context, content.get(trial.id)!);
      if (reused && study.keep === 'summaries') await removeBulk(store.trial(trial.id));
      records.push(record);
      if (!reused) spent += record.seconds;
      timer.add(trial, record);
      onTrial?.(trial, record, { ...timer.progress(), reused });
    }
  };
  await Promise.all(Array.from({ length: Math.min(runner.concurrency, trials.length) }, work));
  return records;
}
