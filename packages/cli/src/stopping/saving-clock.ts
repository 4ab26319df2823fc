import type { PipelineProgress } from '@tersor/compression';
import { roughly } from '../tables/study-preview.js';

/** Tracks what must finish before work can be saved, and about how long that takes. */
export interface SavingClock {
  hear(progress: PipelineProgress): void;
  /** For instance "this episode (about 12 s)"; undefined if unknown. */
  waitingFor(): string | undefined;
}

/** Creates a clock to be fed with the progress of a compression; `now` returns milliseconds. */
export function createSavingClock(now: () => number = () => performance.now()): SavingClock {
  let last: PipelineProgress | undefined;
  let at = 0;
  /** Duration of the last episode or step; undefined before the first. */
  let each: number | undefined;
  return {
    hear: (progress) => {
      const isSame = last?.stage === progress.stage && last.unit === progress.unit;
      const steps = isSame ? progress.done - last!.done : 0;
      if (!isSame) each = undefined;
      if (steps > 0) each = (now() - at) / 1000 / steps;
      at = now();
      last = progress;
    },
    waitingFor: () => {
      if (!last) return undefined;
      const { unit, done, total, stepsPerEpoch } = last;
      const [what, steps] =
        unit === 'episodes'
          ? ['this episode', 1]
          : stepsPerEpoch !== undefined
            ? ['this epoch', stepsPerEpoch - (done % stepsPerEpoch)]
            : ['this part', total - done];
      return each === undefined ? what : `${what} (about ${roughly(steps * each)})`;
    },
  };
}
