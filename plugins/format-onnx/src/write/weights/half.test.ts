import { halfOf, roundedToHalf } from './half.js';

it('rounds to the nearest half, and keeps the sign of what becomes zero', () => {
  const data = Float32Array.of(1, 1 / 3, 1e-10, -1e-10, 65519, 65520, -(2 ** -24), 2049);
  expect([...halfOf(data)]).toEqual([0x3c00, 0x3555, 0, 0x8000, 0x7bff, 0x7c00, 0x8001, 0x6800]);
  expect([...roundedToHalf(data)]).toEqual([1, 0.333251953125, 0, -0, 65504, Infinity, -(2 ** -24), 2048]);
});
