import { createCountLimit } from './count-limit.js';

/** Binomial coefficient, exact for the small numbers here. */
function choose(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return k < 0 || k > n ? 0 : result;
}

describe('createCountLimit', () => {
  test('five of ten images seen and none right: 1 to 5 right ones hide there with probabilities of 1/2, 2/9, 1/12, 1/42 and 1/252', () => {
    const limit = createCountLimit(10);
    expect([0.6, 0.4, 0.2, 0.05, 0.01, 0.001].map((alpha) => limit(0, 5, alpha))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('is what was counted once all images are seen, and never more than is left', () => {
    const limit = createCountLimit(20);
    expect([limit(13, 20, 0.01), limit(10, 18, 1e-9)]).toEqual([13, 12]);
  });

  test('whatever the true number is, the limit falls below it with a probability of at most alpha', () => {
    const total = 24;
    const limit = createCountLimit(total);
    for (const alpha of [0.2, 0.05, 0.01]) {
      let highest = 0;
      for (const seen of [3, 8, 15]) {
        for (let truth = 0; truth <= total; truth++) {
          let below = 0;
          for (let right = 0; right <= seen; right++)
            if (limit(right, seen, alpha) < truth)
              below += (choose(truth, right) * choose(total - truth, seen - right)) / choose(total, seen);
          expect(below).toBeLessThanOrEqual(alpha);
          highest = Math.max(highest, below);
        }
      }
      // Exact: somewhere the probability comes near.
      expect(highest).toBeGreaterThan(0.8 * alpha);
    }
  });

  test('thousands of images overflow nothing', () => {
    const limit = createCountLimit(50_000);
    const share = limit(7_000, 10_000, 0.005) / 50_000;
    // The normal approximation: 0.7 + 2.576 sqrt(0.7 * 0.3 / 10,000) sqrt(0.8).
    expect(share).toBeCloseTo(0.7106, 3);
  });
});
