const bits = new Uint32Array(1);
const value = new Float32Array(bits.buffer);

/**
 * The nearest IEEE 754 half-precision value, ties to even; beyond 65504 it is infinite. The packed file
 * stores an array of float32 in half the bytes when all of its values are such, so rounding scales, code
 * books or biases with this makes files smaller.
 */
export function roundToFloat16(x: number): number {
  const size = Math.abs(x);
  // Below 2^-14 halves are subnormal: multiples of 2^-24.
  if (size < 2 ** -14) return roundHalfEven(x * 2 ** 24) * 2 ** -24;
  if (size >= 65520) return x > 0 ? Infinity : -Infinity;
  value[0] = x;
  // Drops 13 of the 23 bits of the mantissa; a carry moves into the exponent, as it should.
  bits[0] = (bits[0]! + 0xfff + ((bits[0]! >>> 13) & 1)) & ~0x1fff;
  return value[0];
}

/** The 16 bits of a value that `roundToFloat16` leaves as it is. */
export function float16Bits(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (size < 2 ** -14) return sign | (size * 2 ** 24);
  if (size === Infinity) return sign | 0x7c00;
  value[0] = size;
  return sign | ((bits[0]! >>> 13) - (112 << 10));
}

/** The value of 16 bits: one for the sign, five for the exponent, ten for the fraction. */
export function float16Value(code: number): number {
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code >> 10) & 0x1f;
  const fraction = code & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}
