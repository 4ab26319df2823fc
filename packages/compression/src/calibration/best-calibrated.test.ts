import type { LayerGraph } from '@tersor/core';
import { createBestCalibrated } from './best-calibrated.js';

const network = (name: string) => ({ graph: { name } as unknown as LayerGraph, encoded: new Map() });
const bits = (a: number) => ({ weights: { a } });

describe('the best of several networks', () => {
  it('is the one with the highest reward, of equal ones the first', () => {
    const best = createBestCalibrated();
    best.offer(bits(2), network('two'), -0.5);
    best.offer(bits(3), network('three'), -0.2);
    best.offer(bits(4), network('four'), -0.2);
    best.offer(bits(5), network('five'), -0.9);
    expect([2, 3, 4, 5].map((each) => best.of(bits(each)))).toEqual([
      undefined,
      network('three'),
      undefined,
      undefined,
    ]);
  });

  it('tells bits with and without rounded activations apart', () => {
    const best = createBestCalibrated();
    best.offer(bits(2), network('two'), 0);
    const activations = { a: { bits: 8, low: 0, high: 1 } } as never;
    expect(best.of({ ...bits(2), activations })).toBeUndefined();
    expect(createBestCalibrated().of(bits(2))).toBeUndefined();
  });
});
