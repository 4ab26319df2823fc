import type { Candidate, Evaluation, PruneConfig, PruneTask } from '@tersor/core';
import type { EpisodeRecord } from '@tersor/rl';
import { createCountLimit } from './count-limit.js';
import { halvingLooks } from './halving.js';
import { policyDigest } from './policy-digest.js';
import type { Evaluator, IsEnough, Measurement } from '../training/evaluator.js';

/** What was measured of a candidate, and by halving its reward at each look. */
export interface Raced extends Measurement {
  readonly looks?: readonly number[];
}

/** What a checkpoint keeps of a race: what was measured, by digest of the policy. */
export type RacingState = ReadonlyMap<string, Raced>;

/** Measures the candidates of one search, each only for as long as it may still win. */
export interface Racing {
  readonly evaluate: PruneTask['evaluate'];
  /** Sets the best reward so far, and adds what others have measured up to here. */
  begin(best: number, others: RacingState): void;
  /** Notes the best reward so far; gives the episode back as `withImages` does. */
  finished(record: EpisodeRecord, best: EpisodeRecord): EpisodeRecord;
  /** Images measured so far, all candidates together. */
  images(): number;
  state(): RacingState;
}

/**
 * By confidence: after every `images` images a candidate is dropped if the upper confidence limit of its
 * accuracy, turned into a reward, is below the best reward so far. All looks at a candidate together are
 * wrong with a probability of at most 1 - `confidence` (each gets an equal share: Bonferroni). A candidate
 * that is dropped has a reward below the best one, so that whatever wins was measured on all images.
 *
 * By halving: see `halvingLooks`. Either way what decides is the images' order, the same for all, and what
 * went before. A policy that comes up again keeps its first measurement, since the best may have moved on:
 * with `state` and the best reward restored, a resumed search does the same as one that was not stopped.
 *
 * @param racing absent: every candidate is measured on all images, the first time that it comes up
 */
export function createRacing(
  evaluator: Evaluator,
  racing: PruneConfig['racing'],
  state?: RacingState,
  bestReward = -Infinity,
): Racing {
  const { count } = evaluator;
  const measured = new Map(state);
  const isLostSurely = racing && racing.by !== 'halving' ? confidenceRule(racing, count) : undefined;
  let best = bestReward;
  return {
    evaluate: async (graph, candidate) => {
      if (!candidate) return evaluator.evaluate(graph);
      const key = policyDigest(candidate.policy);
      const known = measured.get(key);
      if (known) return evaluationOf(known);
      const looks: number[] = [];
      const isLost: IsEnough =
        racing?.by === 'halving'
          ? halvingLooks(racing, { count, candidate, looks, others: measured.values(), best })
          : (right, seen) => isLostSurely?.(candidate, best, right, seen) ?? false;
      const measurement = await evaluator.measure(graph, isLost, key);
      measured.set(key, looks.length > 0 ? { ...measurement, looks } : measurement);
      return evaluationOf(measurement);
    },
    begin: (reward, others) => {
      best = reward;
      for (const [key, measurement] of others) if (!measured.has(key)) measured.set(key, measurement);
    },
    finished: (record, { reward }) => {
      best = reward;
      return withImages(record, measured);
    },
    images: () => imagesOf(measured),
    state: () => measured,
  };
}

function confidenceRule(
  { images, confidence }: { readonly images: number; readonly confidence: number },
  count: number,
) {
  const limit = createCountLimit(count);
  // Once all images are seen, nothing is left to chance.
  const alpha = (1 - confidence) / Math.max(1, Math.ceil(count / images) - 1);
  // The estimate itself has to lose, too, whatever a reward of the user's makes of an accuracy.
  return ({ rewardAt }: Candidate, best: number, right: number, seen: number) =>
    [right / seen, limit(right, seen, alpha) / count].every((accuracy) => rewardAt(accuracy) < best);
}

/** An episode with the number of images that its accuracy was measured on among its measures. */
export function withImages(record: EpisodeRecord, measured: RacingState): EpisodeRecord {
  const measurement = measured.get(policyDigest(record.policy));
  return measurement ? { ...record, measures: { ...record.measures, images: measurement.images } } : record;
}

/** Images measured, all candidates together. */
export function imagesOf(measured: RacingState): number {
  return [...measured.values()].reduce((sum, { images }) => sum + images, 0);
}

function evaluationOf({ images: _images, looks: _looks, ...evaluation }: Raced): Evaluation {
  return evaluation;
}
