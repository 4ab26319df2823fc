import {
  adaptParameterDeviation,
  ornsteinUhlenbeckStep,
  perturbParameters,
  truncatedNormal,
} from './noise.js';
import { createRandom } from '@tersor/core';

const COUNT = 20000;

function momentsOf(draw: () => number): { readonly mean: number; readonly variance: number } {
  const values = Array.from({ length: COUNT }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / COUNT;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / COUNT };
}

const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
/** The normal distribution function, by Simpson's rule from 0. */
function distribution(x: number): number {
  const steps = 400;
  let sum = density(0) + density(x);
  for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * density((x * i) / steps);
  return 0.5 + (sum * x) / (3 * steps);
}

// Both ways of sampling: by rejection from the normal, and from the uniform distribution.
it.each([
  [0.5, 0.2, 0, 1],
  [0.1, 0.5, 0, 1],
  [0.9, 2, 0, 1],
  [1.5, 0.5, 0, 1],
  [-0.4, 0.3, 0.1, 1],
])(
  'truncated normal (mean %d, deviation %d, in [%d, %d]) has the closed form of mean and variance',
  (mean, deviation, low, high) => {
    const random = createRandom(7, 'truncated');
    const [a, b] = [(low - mean) / deviation, (high - mean) / deviation];
    const mass = distribution(b) - distribution(a);
    const shift = (density(a) - density(b)) / mass;
    const spread = 1 + (a * density(a) - b * density(b)) / mass - shift * shift;
    const { mean: sampled, variance } = momentsOf(() => truncatedNormal(random, mean, deviation, low, high));
    expect(Math.abs(sampled - (mean + deviation * shift))).toBeLessThan(0.01);
    expect(Math.abs(variance - deviation ** 2 * spread)).toBeLessThan(0.005);
  },
);

it('stays within the bounds, however far the mean is outside and however small the deviation', () => {
  const random = createRandom(1, 'bounds');
  for (const mean of [-50, -1, 0, 0.5, 1, 50]) {
    for (const deviation of [0, 1e-3, 0.5, 100]) {
      const value = truncatedNormal(random, mean, deviation, 0, 1);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
    }
  }
  expect(truncatedNormal(random, 3, 1, 2, 2)).toBe(2);
  expect(() => truncatedNormal(random, NaN, 1, 0, 1)).toThrow(RangeError);
});

it('ends for numbers that no draw can satisfy', () => {
  const random = createRandom(1, 'ends');
  expect(() => truncatedNormal(random, 0.5, NaN, 0, 1)).toThrow(/deviation of the exploration is NaN/);
  expect(() => truncatedNormal(random, 0.5, 1, NaN, 1)).toThrow(/lower bound/);
  expect(() => truncatedNormal(random, 0.5, 1, 0, Infinity)).toThrow(/upper bound/);
  expect(truncatedNormal(random, -1, 1e-320, 0, 1)).toBe(0);
});

it('Ornstein-Uhlenbeck noise has the stationary variance and correlation of its equation', () => {
  const random = createRandom(2, 'swing');
  const [sigma, theta] = [0.3, 0.15];
  let state: readonly number[] = [0];
  const values = Array.from(
    { length: 4 * COUNT },
    () => (state = ornsteinUhlenbeckStep(state, random, sigma, theta))[0]!,
  );
  const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  const lagged = values.slice(1).reduce((sum, value, i) => sum + value * values[i]!, 0) / (values.length - 1);
  expect(variance / (sigma ** 2 / (1 - (1 - theta) ** 2))).toBeCloseTo(1, 1);
  expect(lagged / variance).toBeCloseTo(1 - theta, 2);
});

it('perturbs parameters by the deviation, and leaves the originals alone', () => {
  const clean = new Float32Array(COUNT).fill(2);
  const noisy = perturbParameters(clean, createRandom(3, 'perturb'), 0.1);
  let at = 0;
  const { mean, variance } = momentsOf(() => noisy[at++]!);
  expect(mean).toBeCloseTo(2, 2);
  expect(Math.sqrt(variance)).toBeCloseTo(0.1, 2);
  expect(clean.every((value) => value === 2)).toBe(true);
});

it('shrinks parameter noise that moves the actions too far, and grows it otherwise', () => {
  expect(adaptParameterDeviation(0.1, 0.3, 0.2, 1.25)).toBeCloseTo(0.08, 12);
  expect(adaptParameterDeviation(0.1, 0.1, 0.2, 1.25)).toBeCloseTo(0.125, 12);
});
