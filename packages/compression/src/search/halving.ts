import type { Candidate } from '@tersor/core';
import type { IsEnough } from '../training/evaluator.js';

interface Halving {
  /** Images of a candidate that sees all. */
  readonly count: number;
  readonly candidate: Candidate;
  /** Rewards of this candidate, one a look: filled here. */
  readonly looks: number[];
  /** Those before it; ones that were dropped have fewer looks. */
  readonly others: Iterable<{ readonly looks?: readonly number[] }>;
  /** Best reward so far. */
  readonly best: number;
}

/**
 * Successive halving for candidates that come one after the other (Li et al. 2020, *A system for massively
 * parallel hyperparameter tuning*, algorithm 2, with images as the resource): looks at a candidate come after
 * `images` images, and each time after twice as many. It goes on where, with its reward on the images so far,
 * it is in the best `keep` of all that had this look, rounded up, or where it is not below the best so far:
 * so whatever wins was measured on all images.
 */
export function halvingLooks(
  { images, keep }: { readonly images: number; readonly keep: number },
  { count, candidate, looks, others, best }: Halving,
): IsEnough {
  const before = [...others];
  return (right, seen, divergence) => {
    if (seen >= count || seen < images * 2 ** looks.length) return false;
    const reward = candidate.rewardAt(right / seen, divergence);
    const rivals = before.flatMap((other) => other.looks?.[looks.length] ?? []);
    looks.push(reward);
    const place = 1 + rivals.filter((rival) => rival > reward).length;
    return reward < best && place > Math.ceil(keep * (rivals.length + 1));
  };
}
