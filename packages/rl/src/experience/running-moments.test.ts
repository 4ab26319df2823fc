import { createRandom } from '@tersor/core';
import { addToMoments, createMoments, standardize } from './running-moments.js';

it('has the mean and the variance of all vectors, large offsets included', () => {
  const random = createRandom(1, 'moments');
  const vectors = Array.from({ length: 500 }, () => [1e6 + random.normal(), 3 * random.normal()]);
  const moments = vectors.reduce(addToMoments, createMoments(2));
  for (const i of [0, 1]) {
    const mean = vectors.reduce((sum, vector) => sum + vector[i]!, 0) / 500;
    const squares = vectors.reduce((sum, vector) => sum + (vector[i]! - mean) ** 2, 0);
    expect(moments.mean[i]).toBeCloseTo(mean, 6);
    expect(moments.squares[i]! / squares).toBeCloseTo(1, 6);
  }
});

it('standardizes: mean to 0, a deviation to 1, far values to the limit', () => {
  const moments = [
    [1, 7],
    [3, 7],
  ].reduce(addToMoments, createMoments(2));
  expect(standardize(moments, [2, 7])).toEqual([0, 0]);
  expect(standardize(moments, [3, 7])[0]).toBeCloseTo(1, 6);
  expect(standardize(moments, [1e9, 7])[0]).toBe(10);
  expect(standardize(moments, [-1e9, 8], 5)).toEqual([-5, 5]);
});

it('leaves vectors alone until there is a spread to measure', () => {
  expect(standardize(createMoments(1), [42])).toEqual([42]);
  expect(standardize(addToMoments(createMoments(1), [42]), [43])).toEqual([43]);
});
