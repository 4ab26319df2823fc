import fc from 'fast-check';
import { bootstrapInterval, estimate, mean, pairedDifference, quantile, standardDeviation } from './statistics.js';

describe('statistics', () => {
  // Known answers: Python's statistics.stdev and numpy.quantile.
  it('computes the mean and the standard deviation with n - 1', () => {
    const values = [2, 4, 4, 4, 5, 5, 7, 9];
    expect(mean(values)).toBe(5);
    expect(standardDeviation(values)).toBeCloseTo(2.138089935, 9);
    expect(standardDeviation([3])).toBe(0);
  });

  it('interpolates quantiles linearly', () => {
    expect(quantile([1, 2, 3, 4], 0.25)).toBeCloseTo(1.75, 12);
    expect(quantile([1, 2, 3, 4], 1)).toBe(4);
  });

  it('gives the interval of the exact bootstrap distribution', () => {
    // Means of {0, 1} drawn four times from [0, 0, 0, 1]: binomial(4, 1/4) / 4. P(0) = 0.316, P(1) = 0.0039, P(>= 3/4) = 0.051, so the 2.5% quantile is 0 and the 97.5% one is 3/4.
    expect(bootstrapInterval([0, 0, 0, 1])).toEqual([0, 0.75]);
  });

  it('covers the true mean of normal samples about as often as it says', () => {
    // Fixed samples of 30 standard normal quantiles shifted by known noise would need no chance; a seeded simulation is closer to its use.
    let state = 1;
    const uniform = () => (state = (state * 48271) % 2147483647) / 2147483647;
    const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const [low, high] = bootstrapInterval(Array.from({ length: 30 }, normal), { resamples: 500, seed: trial });
      if (low <= 0 && high >= 0) covered++;
    }
    expect(covered / 200).toBeGreaterThan(0.88);
    expect(covered / 200).toBeLessThan(0.99);
  });

  it('is the same for the same seed and lies within the values', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 8 }), fc.integer({ min: 0, max: 99 }), (values, seed) => {
        const [low, high] = bootstrapInterval(values, { seed, resamples: 200 });
        expect(bootstrapInterval(values, { seed, resamples: 200 })).toEqual([low, high]);
        const slack = 1e-9 * Math.max(...values.map(Math.abs));
        expect(low).toBeGreaterThanOrEqual(Math.min(...values) - slack);
        expect(high).toBeLessThanOrEqual(Math.max(...values) + slack);
        expect(low).toBeLessThanOrEqual(high);
      }),
      { numRuns: 50 },
    );
  });

  it('pairs differences by seed, so that what all seeds share cancels out', () => {
    const baseline = new Map([[1, 0.5], [2, 0.7], [3, 0.9]]);
    const better = new Map([[3, 0.91], [1, 0.51], [2, 0.71], [4, 0.1]]);
    const difference = pairedDifference(better, baseline)!;
    expect(difference.count).toBe(3);
    expect(difference.mean).toBeCloseTo(0.01, 12);
    expect(difference.deviation).toBeCloseTo(0, 12);
    expect(difference.interval[0]).toBeCloseTo(0.01, 12);
    // Unpaired, the same seeds say nothing.
    expect(estimate([...baseline.values()]).deviation).toBeCloseTo(0.2, 12);
    expect(pairedDifference(new Map([[7, 1]]), baseline)).toBeUndefined();
  });
});
