import { activationRange, fakeQuantize } from './activation-range.js';

const ramp = Float32Array.from({ length: 1001 }, (_, i) => i / 1000);

it('by max covers all values and zero', () => {
  expect(activationRange(Float32Array.of(2, 5), { rule: 'max' })).toEqual({ least: 0, most: 5 });
  expect(activationRange(Float32Array.of(-3, 5), { rule: 'max' })).toEqual({ least: -3, most: 5 });
});

it('by percentile cuts half of the rest off at each end', () => {
  const { most } = activationRange(ramp, { rule: 'percentile', share: 0.98 });
  expect(most).toBeCloseTo(0.99, 2);
  expect(activationRange(ramp, { rule: 'percentile', share: 1 })).toEqual({ least: 0, most: 1 });
});

it('by mse gives an outlier up where that rounds the others better, and not where bits abound', () => {
  const values = Float32Array.from([...ramp, 10]);
  expect(activationRange(values, { rule: 'mse', bits: 2 }).most).toBeLessThan(5);
  expect(activationRange(values, { rule: 'mse', bits: 8 }).most).toBeGreaterThan(9);
});

it('rounds to 2^bits levels, zero exactly, the ends clamped', () => {
  expect([...fakeQuantize(Float32Array.of(-1, 0, 0.4, 1.6, 9), { least: 0, most: 3 }, 2)]).toEqual([
    0, 0, 0, 2, 3,
  ]);
  const rounded = fakeQuantize(Float32Array.of(-0.9, 0, 2), { least: -1, most: 2 }, 8);
  expect(rounded[1]).toBe(0);
  expect(rounded[0]).toBeCloseTo(-0.9, 1);
});

it('gives zeros where the range is empty', () => {
  expect(activationRange(new Float32Array(0), { rule: 'percentile', share: 0.9 })).toEqual({
    least: 0,
    most: 0,
  });
  expect([...fakeQuantize(Float32Array.of(0, 0), { least: 0, most: 0 }, 4)]).toEqual([0, 0]);
});
