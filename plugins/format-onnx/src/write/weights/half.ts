/** The largest finite number in half precision. */
export const HALF_LIMIT = 65_504;

/** Converts to half precision (IEEE 754 binary16), rounding to nearest, ties to even. */
export function halfOf(data: Float32Array): Uint16Array {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  return Uint16Array.from(bits, halfBits);
}

/** Rounds to half precision; the results are float32. */
export function roundedToHalf(data: Float32Array): Float32Array {
  return Float32Array.from(halfOf(data), halfValue);
}

function halfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 255) - 112;
  const mantissa = bits & 0x7f_ffff;
  if (exponent === 143) return sign | 0x7c00 | (mantissa ? 0x200 : 0);
  // A carry out of the mantissa correctly goes into the exponent, and beyond the largest number to infinity.
  if (exponent > 0) return sign | Math.min(0x7c00, rounded(exponent * 2 ** 23 + mantissa, 13));
  return exponent < -10 ? sign : sign | rounded(mantissa + 2 ** 23, 14 - exponent);
}

/** An integer divided by 2^shift, rounded to nearest, ties to even. */
function rounded(value: number, shift: number): number {
  const floor = Math.floor(value / 2 ** shift);
  const rest = value - floor * 2 ** shift;
  const half = 2 ** (shift - 1);
  return rest > half || (rest === half && floor % 2 === 1) ? floor + 1 : floor;
}

function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1024 + mantissa) * 2 ** (exponent - 25);
}
