import { float16Bits, roundToFloat16 } from '@tersor/core';

/** The largest finite number in half precision. */
export const HALF_LIMIT = 65_504;

/** The bits of values in half precision (IEEE 754 binary16), rounded to nearest, ties to even. */
export function halfOf(data: Float32Array): Uint16Array {
  return Uint16Array.from(data, (value) => float16Bits(nearestHalf(value)));
}

/** Rounds to half precision; the results are float32. */
export function roundedToHalf(data: Float32Array): Float32Array {
  return data.map(nearestHalf);
}

/** What becomes zero keeps its sign. */
function nearestHalf(value: number): number {
  return roundToFloat16(value) || 0 * value;
}
