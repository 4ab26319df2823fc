import { roundToFloat16 } from '@tersor/core';

/** Half precision loses at most 2^-11 of a step; scales too small for it stay float32. */
export function storedScale(scale: number): number {
  return scale >= 2 ** -14 && scale < 65504 ? roundToFloat16(scale) : Math.fround(scale);
}
