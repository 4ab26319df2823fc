import type { SharesQuestion } from '@tersor/core';
import { spreadShares } from './spread-shares.js';

/** A budget of what shares cost in all. */
function question(costs: readonly number[], limit: number, smallest = 0.1): SharesQuestion {
  const of = (shares: readonly number[]) => shares.reduce((sum, share, i) => sum + share * costs[i]!, 0);
  return {
    groups: [],
    smallest,
    channels: [],
    limits: [{ name: 'macs', limit, of }],
    used: (shares) => of(shares) / limit,
    fits: (shares) => of(shares) <= limit,
  };
}

/** An error that rises in a straight line, to `error` at a tenth of the slices. */
const line = (error: number) => [
  [
    { share: 1, error: 0 },
    { share: 0.1, error },
  ],
];

test('the group that loses the least for what it saves gives first, down to the smallest share', () => {
  const asked = question([10, 10], 12);
  expect(spreadShares(asked, [line(0.1), line(0.5)])).toEqual([expect.closeTo(0.2, 9), 1]);
  const tight = question([10, 10], 8);
  const [first, second] = spreadShares(tight, [line(0.1), line(0.5)]);
  expect(first).toBeCloseTo(0.1, 9);
  expect(second).toBeCloseTo(0.7, 9);
});

test('a group that costs little keeps its slices', () => {
  const shares = spreadShares(question([1, 100], 50), [line(0.2), line(0.2)]);
  expect(shares[0]).toBe(1);
  expect(shares[1]).toBeCloseTo(0.49, 9);
});

test('errors that rise ever faster are evened out', () => {
  const steep = Array.from({ length: 10 }, (_, i) => ({ share: 1 - i / 10, error: (i / 10) ** 2 }));
  const shares = spreadShares(question([10, 10], 10), [[steep], [steep]]);
  for (const share of shares) expect(share).toBeCloseTo(0.5, 1);
});

test('limits are kept; where nothing fits, the smallest shares', () => {
  const asked = question([7, 5, 3], 6.5);
  const curves = [line(0.3), line(0.1), line(0.9)];
  expect(asked.fits(spreadShares(asked, curves))).toBe(true);
  expect(spreadShares(question([7, 5, 3], 1), curves)).toEqual([0.1, 0.1, 0.1]);
});

test('a layer that nobody looked at loses in proportion', () => {
  const shares = spreadShares(question([10, 10], 15), [[undefined], line(0.1)]);
  expect(shares[0]).toBe(1);
  expect(shares[1]).toBeCloseTo(0.5, 9);
});
