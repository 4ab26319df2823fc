import type { PlannedTrial, StudyPlan } from '../plan/study-plan.js';
import type { TrialRecord } from '../results/study-store.js';

/** Judges how long the rest of a study takes. */
export interface StudyTimer {
  /** Counts a trial as over. */
  add(trial: Pick<PlannedTrial, 'id'>, record: TrialRecord): void;
  progress(): { readonly done: number; readonly total: number; readonly secondsLeft?: number };
}

/** What is known of a variant, or of all. */
interface Tally {
  left: number;
  done: number;
  seconds: number;
}

/**
 * A timer for so many trials at a time. A trial is taken to last as long as the mean of those of its variant
 * that are done, or of all where none is; the time that running ones have spent is not counted. What it costs
 * to ask does not grow with the trials, of which there may be ten thousand.
 */
export function createTimer(
  { cells, trials }: Pick<StudyPlan, 'cells' | 'trials'>,
  concurrency: number,
): StudyTimer {
  const variants = new Map(cells.map(({ trial, variant }) => [trial, variant]));
  const over = new Set<string>();
  const all: Tally = { left: trials.length, done: 0, seconds: 0 };
  const tallies = new Map<string | undefined, Tally>();
  for (const { id } of trials) tallyOf(id).left++;
  function tallyOf(id: string): Tally {
    const variant = variants.get(id);
    const tally = tallies.get(variant) ?? { left: 0, done: 0, seconds: 0 };
    tallies.set(variant, tally);
    return tally;
  }
  return {
    add: ({ id }, record) => {
      if (over.has(id)) return;
      over.add(id);
      for (const tally of [all, tallyOf(id)]) {
        tally.left--;
        if (record.status !== 'done') continue;
        tally.done++;
        tally.seconds += record.seconds;
      }
    },
    progress: () => {
      let seconds = 0;
      for (const tally of tallies.values()) {
        const known = tally.done > 0 ? tally : all;
        if (tally.left > 0) seconds += (tally.left * known.seconds) / known.done;
      }
      return {
        done: over.size,
        total: trials.length,
        ...(all.done > 0 && { secondsLeft: seconds / Math.max(1, Math.min(concurrency, all.left)) }),
      };
    },
  };
}
