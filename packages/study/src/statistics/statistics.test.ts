import type { Sample } from './error-of-mean.js';
import { mean, standardDeviation } from './moments.js';
import { estimate, holm, pairedDifference, verdict } from './statistics.js';

describe('statistics', () => {
  it('computes the mean and the standard deviation with n - 1, and no deviation for one value', () => {
    const values = [2, 4, 4, 4, 5, 5, 7, 9];
    expect(mean(values)).toBe(5);
    expect(standardDeviation(values)).toBeCloseTo(2.138089935, 9); // Python's statistics.stdev
    expect(standardDeviation([3])).toBeUndefined();
  });

  it("gives Student's interval", () => {
    // Mean 3, standard error 0.707, 2.776 of them.
    const { interval, deviation, count } = estimate([1, 2, 3, 4, 5]);
    expect([count, deviation]).toEqual([5, expect.closeTo(1.58113883, 8)]);
    expect(interval![0]).toBeCloseTo(1.0367568, 6);
    expect(interval![1]).toBeCloseTo(4.9632432, 6);
  });

  it('gives no interval and no p for fewer than three seeds, and no spread for one', () => {
    expect(estimate([0.5])).toEqual({ count: 1, mean: 0.5 });
    expect(Object.keys(estimate([0.5, 0.6]))).toEqual(['count', 'mean', 'deviation']);
    const one = pairedDifference(new Map([[1, 0.5]]), new Map([[1, 0.7]]))!;
    expect(one).toEqual({ count: 1, mean: expect.closeTo(-0.2, 9) });
    expect(verdict(one)).toBe('too few seeds');
    expect(Object.keys(estimate([0.5, 0.6, 0.7]))).toContain('interval');
  });

  it('pairs differences by seed, so that what all seeds share cancels out', () => {
    const baseline = new Map([
      [1, 0.5],
      [2, 0.7],
      [3, 0.9],
    ]);
    const better = new Map([
      [3, 0.912],
      [1, 0.51],
      [2, 0.711],
      [4, 0.1],
    ]);
    const difference = pairedDifference(better, baseline)!;
    expect(difference).toMatchObject({
      count: 3,
      mean: expect.closeTo(0.011, 12),
      deviation: expect.closeTo(0.001, 12),
      basis: 'seeds',
    });
    expect(difference.interval![0]).toBeCloseTo(0.011 - (4.302653 * 0.001) / Math.sqrt(3), 7);
    expect(difference.p).toBeCloseTo(0.00274, 4); // R: t.test(c(.012, .010, .011))$p.value
    expect(verdict(difference)).toBe('higher');
    // Unpaired, the same seeds show no difference.
    expect(estimate([...baseline.values()]).deviation).toBeCloseTo(0.2, 12);
    expect(pairedDifference(new Map([[7, 1]]), baseline)).toBeUndefined();
  });

  it('cuts intervals off at the possible values', () => {
    const shares = (...values: number[]) =>
      new Map(values.map((value, seed) => [seed, { value, bounds: [0, 1] as const }] as const));
    const [high, low] = [shares(0.9, 0.99, 0.7), shares(0.1, 0.9, 0)];
    expect(estimate([...low.values()]).interval).toEqual([0, 1]);
    expect(pairedDifference(high, low)!.interval![1]).toBe(1);
    expect(pairedDifference(low, high)!.interval![0]).toBe(-1);
  });

  it('corrects p values as R does with p.adjust(method = "holm")', () => {
    expect(holm([0.01, 0.04, 0.03, 0.005]).map((p) => Number(p.toFixed(6)))).toEqual([
      0.03, 0.06, 0.06, 0.02,
    ]);
    expect(holm([0.6, 0.5])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });

  it('tells a difference apart only below 5% after the correction', () => {
    const difference = { count: 3, mean: -0.1, interval: [-0.19, -0.01] as const, p: 0.03 };
    expect(verdict(difference)).toBe('lower');
    expect(verdict({ ...difference, adjusted: 0.09 })).toBe('not significantly different');
  });
});

describe('the error of the images', () => {
  const share = (right: number[], paired: boolean): Sample => {
    const value = mean(right);
    return {
      value,
      images: {
        count: right.length,
        variance: value * (1 - value),
        ...(paired && { outcomes: right, id: 'a' }),
      },
    };
  };
  const answers = (wrong: number[], count = 100) =>
    Array.from({ length: count }, (_, i) => (wrong.includes(i) ? 0 : 1));
  const seeds = (wrong: number[][], paired = true) =>
    new Map(wrong.map((each, seed) => [seed, share(answers(each), paired)] as const));

  it('does not take three seeds that agree on few images for certainty', () => {
    const {
      mean: center,
      interval,
      basis,
      p,
    } = pairedDifference(
      seeds([[1], [1], [1]]),
      seeds([
        [2, 3],
        [2, 3],
        [2, 3],
      ]),
    )!;
    expect([center, basis]).toEqual([expect.closeTo(0.01, 12), 'images']);
    // McNemar: 2 images against 1. No test calls that a difference.
    expect(interval![0]).toBeLessThan(0);
    expect(p).toBeGreaterThan(0.5);
  });

  it('compares image by image: the same errors cancel out, others do not', () => {
    const baseline = seeds([
      [1, 2, 3],
      [1, 2, 4],
      [1, 2, 3],
    ]);
    const width = ({ interval }: { interval?: readonly [number, number] }) => interval![1] - interval![0];
    const same = pairedDifference(
      seeds([
        [1, 2],
        [1, 2],
        [1, 2],
      ]),
      baseline,
    )!;
    const others = pairedDifference(
      seeds([
        [7, 8],
        [7, 8],
        [7, 8],
      ]),
      baseline,
    )!;
    expect(same.mean).toBeCloseTo(others.mean, 12);
    expect(width(others)).toBeGreaterThan(1.5 * width(same));
  });

  it('assumes independent errors if outcomes are not recorded, and says so', () => {
    const [a, b] = [
      seeds([[1], [2], [1]], false),
      seeds(
        [
          [3, 4],
          [3, 5],
          [3, 4],
        ],
        false,
      ),
    ];
    const { basis, interval } = pairedDifference(a, b)!;
    expect(basis).toBe('binomial');
    const error = Math.sqrt((0.99 * 0.01 + 0.98 * 0.02) / 100);
    expect(interval![1] - interval![0]).toBeGreaterThan(2 * 1.96 * error);
    expect(pairedDifference(seeds([[1], [2], [1]], true), b)!.basis).toBe('binomial');
  });

  it('does not compare image by image across different sets of images', () => {
    const other = new Map(
      [...seeds([[1], [1], [2]])].map(([seed, sample]) => [
        seed,
        { ...sample, images: { ...sample.images!, id: 'b' } },
      ]),
    );
    expect(pairedDifference(seeds([[1], [1], [2]]), other)!.basis).toBe('binomial');
  });
});
