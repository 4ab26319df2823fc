import fc from 'fast-check';
import { float16Bits, float16Value, roundToFloat16 } from './float16.js';

it('leaves every finite half as it is, and gives its bits back', () => {
  const halves = Array.from({ length: 0x10000 }, (_, half) => half).filter(
    (half) => ((half >> 10) & 31) !== 31,
  );
  expect(
    halves.filter(
      (half) =>
        !(
          roundToFloat16(float16Value(half)) === float16Value(half) &&
          float16Bits(float16Value(half)) === half
        ),
    ),
  ).toEqual([]);
});

it('reads the values that the standard gives', () => {
  const codes = [
    0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3555, 0x3c00, 0xc000, 0x7bff, 0x7c00, 0xfc00, 0x7e00,
  ];
  const values = [0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 0.333251953125, 1, -2, 65504];
  expect(codes.map(float16Value)).toEqual([...values, Infinity, -Infinity, NaN]);
  expect([Infinity, -Infinity, NaN].map(float16Bits)).toEqual([0x7c00, 0xfc00, 0x7e00]);
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
