import fc from 'fast-check';
import { float16Bits, roundToFloat16 } from './float16.js';

/** Value of a half by the definition of the format. */
function valueOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

it('leaves every finite half as it is, and gives its bits back', () => {
  const halves = Array.from({ length: 0x10000 }, (_, half) => half).filter(
    (half) => ((half >> 10) & 31) !== 31,
  );
  expect(
    halves.filter(
      (half) => !(roundToFloat16(valueOf(half)) === valueOf(half) && float16Bits(valueOf(half)) === half),
    ),
  ).toEqual([]);
});

it('rounds known values, ties to even', () => {
  expect(roundToFloat16(1 / 3)).toBe(0.333251953125);
  expect(roundToFloat16(2049)).toBe(2048);
  expect(roundToFloat16(2051)).toBe(2052);
  expect(roundToFloat16(2 ** -25)).toBe(0);
  expect(roundToFloat16(3 * 2 ** -25)).toBe(2 ** -23);
  expect(roundToFloat16(65520)).toBe(Infinity);
  expect(float16Bits(1)).toBe(0x3c00);
});

it('is never further off than half a step', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, min: -65000, max: 65000 }), (x) => {
      const step = Math.max(2 ** -24, 2 ** (Math.floor(Math.log2(Math.abs(x) || 2 ** -30)) - 10));
      return Math.abs(roundToFloat16(x) - x) <= step / 2;
    }),
  );
});
