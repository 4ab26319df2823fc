import { mean } from '../statistics/moments.js';
import type { PlannedTrial, StudyPlan } from '../plan/study-plan.js';
import type { TrialRecord } from '../results/study-store.js';

/** Judges how long the rest of a study takes. */
export interface StudyTimer {
  /** Counts a trial as over. */
  add(trial: Pick<PlannedTrial, 'id'>, record: TrialRecord): void;
  progress(): { readonly done: number; readonly total: number; readonly secondsLeft?: number };
}

/**
 * A timer for so many trials at a time. A trial is taken to last as long as the mean of those of its variant
 * that are done, or of all where none is; the time that running ones have spent is not counted.
 */
export function createTimer(
  { cells, trials }: Pick<StudyPlan, 'cells' | 'trials'>,
  concurrency: number,
): StudyTimer {
  const variants = new Map(cells.map(({ trial, variant }) => [trial, variant]));
  const over = new Set<string>();
  const seconds: { readonly variant: string; readonly seconds: number }[] = [];
  const expected = (id: string) => {
    const own = seconds.filter(({ variant }) => variant === variants.get(id));
    return mean((own.length > 0 ? own : seconds).map((each) => each.seconds));
  };
  return {
    add: ({ id }, record) => {
      over.add(id);
      if (record.status === 'done') seconds.push({ variant: variants.get(id)!, seconds: record.seconds });
    },
    progress: () => {
      const left = trials.filter(({ id }) => !over.has(id));
      const total = left.reduce((sum, { id }) => sum + expected(id), 0);
      return {
        done: over.size,
        total: trials.length,
        ...(seconds.length > 0 && { secondsLeft: total / Math.max(1, Math.min(concurrency, left.length)) }),
      };
    },
  };
}
