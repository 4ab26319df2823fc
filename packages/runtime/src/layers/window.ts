import type { Pair, Sides } from './config-values.js';

/** Number of positions of a window along an axis, without padding; `null` is an open size. */
export function windowsAlong(length: number | null, reach: number, stride: number): number | null {
  return length === null ? null : Math.floor((length - reach) / stride) + 1;
}

/** Shape after padding rows and columns. Open sizes stay open. */
export function paddedSize(inputShape: readonly (number | null)[], padding: Sides): (number | null)[] {
  return padding.map(([before, after]: Pair, axis) => {
    const length = inputShape[axis + 1] ?? null;
    return length === null ? null : length + before + after;
  });
}
