import { seedsNeeded } from './power.js';

describe('seedsNeeded', () => {
  // G*Power 3.1, t test of matched pairs, two-sided, alpha 0.05, power 0.8: 34 pairs for dz = 0.5, 15 for
  // 0.8, 199 for 0.2. The approximation is at most one off.
  it.each([
    [0.5, 34],
    [0.8, 15],
    [0.2, 199],
  ])('is what tables of the paired t test say for an effect of %d deviations', (effect, pairs) => {
    expect(Math.abs(seedsNeeded(effect, 1, 1)! - pairs)).toBeLessThanOrEqual(1);
    expect(seedsNeeded(-effect * 3, 3, 1)).toBe(seedsNeeded(effect, 1, 1));
  });

  it('grows with the number of comparisons', () => {
    expect(seedsNeeded(0.5, 1, 10)!).toBeGreaterThan(seedsNeeded(0.5, 1, 1)! + 15);
  });

  it('is never fewer than the three seeds of an interval', () => {
    expect(seedsNeeded(1000, 1, 1)).toBe(3);
  });

  it('is undefined without a difference, without spread, or beyond its limit', () => {
    expect(seedsNeeded(0, 1, 1)).toBeUndefined();
    expect(seedsNeeded(1, 0, 1)).toBeUndefined();
    expect(seedsNeeded(0.001, 1, 1)).toBeUndefined();
  });
});
