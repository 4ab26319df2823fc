import { createRandom } from '@tersor/core';
import { bestExpected, withNoise } from './candidates.js';

const DRAWING = { candidates: 300, parents: 6, sigma: 0.05 };
const middle = Array<number>(12).fill(0.5);
const sum = (policy: readonly number[]) => policy.reduce((total, value) => total + value, 0);

describe('candidates', () => {
  it('are as many as asked for, within the unit cube, and the most expected come first', () => {
    const valuesOf = (policies: readonly (readonly number[])[]) => policies.map(sum);
    const corner = Array<number>(12).fill(0.98);
    const found = bestExpected([corner, middle], DRAWING, valuesOf, createRandom(1, 'candidates'));
    expect(found).toHaveLength(DRAWING.candidates);
    expect(found.every((policy) => policy.every((value) => value >= 0 && value <= 1))).toBe(true);
    const values = found.map(sum);
    expect(values).toEqual([...values].sort((a, b) => b - a));
  });

  it('go further than noise, where more is expected there', () => {
    const valuesOf = (policies: readonly (readonly number[])[]) => policies.map(sum);
    const [first] = bestExpected([middle], DRAWING, valuesOf, createRandom(1, 'candidates'));
    const random = createRandom(1, 'noise');
    const noise = Array.from({ length: DRAWING.candidates }, () => withNoise(middle, DRAWING.sigma, random));
    expect(sum(first!)).toBeGreaterThan(Math.max(...noise.map(sum)));
  });

  it('change all coordinates in one half, few in the other', () => {
    const rounds: (readonly (readonly number[])[])[] = [];
    const flat = (policies: readonly (readonly number[])[]) => (rounds.push(policies), policies.map(() => 0));
    bestExpected([middle], DRAWING, flat, createRandom(2, 'candidates'));
    const changed = rounds[0]!.map((policy) => policy.filter((value) => value !== 0.5).length);
    const few = changed.filter((count) => count < 12);
    expect(few.length / changed.length).toBeGreaterThan(0.35);
    expect(few.length / changed.length).toBeLessThan(0.65);
  });
});
