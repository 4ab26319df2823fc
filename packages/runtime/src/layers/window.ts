import type { Pair, Sides } from './config-values.js';

/** Length of an axis after a window without padding has moved over it; `null` is an open size. */
export function windowsAlong(length: number | null, reach: number, stride: number): number | null {
  return length === null ? null : Math.floor((length - reach) / stride) + 1;
}

/** Rows and columns of a padded image. Open sizes stay open. */
export function paddedSize(inputShape: readonly (number | null)[], padding: Sides): (number | null)[] {
  return padding.map(([before, after]: Pair, axis) => {
    const length = inputShape[axis + 1] ?? null;
    return length === null ? null : length + before + after;
  });
}
