import type { SharesQuestion } from '@tersor/core';
import type { SliceOrder } from '../refit/remove-slices.js';

/** By how much a share falls at once. */
const STEP = 0.01;
/** A curve is known at few shares: its slope is taken over this much of them. */
const WINDOW = 0.06;

/**
 * The share of its slices that each group keeps, so that the limits are kept and the summed error is small:
 * begins with all, and takes slices from the group whose error rises the least for what is saved (marginal
 * analysis: Fox, Operations Research 14, 1966). The least shares where nothing fits.
 * @param curves by group, those of the layers that produce it; none for layers whose inputs were not observed
 */
export function spreadShares(
  { smallest, limits, fits }: SharesQuestion,
  curves: readonly (readonly (SliceOrder['curve'] | undefined)[])[],
): number[] {
  const shares = curves.map(() => 1);
  const errorOf = (group: number, share: number) =>
    curves[group]!.reduce((sum, curve) => sum + errorAt(curve, share), 0);
  /** What shares use of the limits that are broken; of several, each by how far it is broken. */
  const costOf = (at: readonly number[], broken: readonly SharesQuestion['limits'][number][]) =>
    broken.reduce((sum, { limit, of }) => sum + of(at) / limit, 0);
  while (!fits(shares)) {
    const broken = limits.filter(({ limit, of }) => of(shares) > limit);
    const current = costOf(shares, broken);
    let [best, least] = [-1, Infinity];
    shares.forEach((share, group) => {
      if (share <= smallest) return;
      const to = Math.max(smallest, share - WINDOW);
      const saved = current - costOf(shares.with(group, to), broken);
      if (saved <= 0) return;
      const slope = (errorOf(group, to) - errorOf(group, share)) / saved;
      if (slope < least) [best, least] = [group, slope];
    });
    if (best < 0) return shares.map(() => smallest);
    shares[best] = Math.max(smallest, shares[best]! - STEP);
  }
  return shares;
}

/** Between known shares a curve is a straight line; below the last one it goes on to 1 at none. */
function errorAt(curve: SliceOrder['curve'] | undefined, share: number): number {
  const points = [...(curve ?? [{ share: 1, error: 0 }]), { share: 0, error: 1 }];
  const after = points.findIndex((point) => point.share <= share);
  if (after <= 0) return points[0]!.error;
  const [a, b] = [points[after - 1]!, points[after]!];
  return b.error + ((a.error - b.error) * (share - b.share)) / (a.share - b.share);
}
