import type { PlannedTrial, StudyPlan } from '../plan/study-plan.js';
import type { TrialRecord } from '../results/study-records.js';

/** Estimates how long the rest of a study takes. */
export interface StudyTimer {
  /** Counts a trial as finished. */
  add(trial: Pick<PlannedTrial, 'id'>, record: TrialRecord): void;
  progress(): { readonly done: number; readonly total: number; readonly secondsLeft?: number };
}

/**
 * A timer for a study that runs `concurrency` trials at the same time. The estimate for a trial is the mean
 * of its variant's finished trials or, if there is none, of all; time already spent on running ones is not
 * counted.
 */
export function createTimer(
  { cells, trials }: Pick<StudyPlan, 'cells' | 'trials'>,
  concurrency: number | (() => number),
): StudyTimer {
  const variants = new Map(cells.map(({ trial, variant }) => [trial, variant]));
  const left = new Map<string, number>();
  for (const { id } of trials) count(left, variants.get(id)!, 1);
  const over = new Set<string>();
  const spent = new Map<string, { trials: number; seconds: number }>();
  const all = { trials: 0, seconds: 0 };
  const expected = (variant: string) => {
    const { trials, seconds } = spent.get(variant) ?? all;
    return seconds / trials;
  };
  return {
    add: ({ id }, record) => {
      if (over.has(id)) return;
      over.add(id);
      const variant = variants.get(id)!;
      count(left, variant, -1);
      if (record.status !== 'done') return;
      const own = spent.get(variant) ?? { trials: 0, seconds: 0 };
      spent.set(variant, own);
      for (const sum of [own, all]) {
        sum.trials++;
        sum.seconds += record.seconds;
      }
    },
    progress: () => {
      const running = Math.max(
        1,
        Math.min(typeof concurrency === 'number' ? concurrency : concurrency(), trials.length - over.size),
      );
      const total = [...left].reduce((sum, [variant, trials]) => sum + trials * expected(variant), 0);
      return {
        done: over.size,
        total: trials.length,
        ...(all.trials > 0 && { secondsLeft: total / running }),
      };
    },
  };
}

function count(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
