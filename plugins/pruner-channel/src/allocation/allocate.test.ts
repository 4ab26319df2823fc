import { createRandom, type Random } from '@tersor/core';
import { exchange } from '../../test/exchange.js';
import { allocate, allocationError, type AllocationBudget, type GroupErrors } from './allocate.js';

/** Errors that rise faster and faster. */
function convexErrors(random: Random, channels: number): Float64Array {
  const rises = Array.from({ length: channels }, () => random.uniform()).sort((a, b) => a - b);
  return Float64Array.from([0, ...rises]).map((_, i, all) => all.slice(0, i + 1).reduce((a, b) => a + b, 0));
}

/** A chain of layers without a kernel: each costs its inputs times its outputs. */
function chainBudget(
  errors: readonly Float64Array[],
  share: number,
  more: Partial<AllocationBudget> = {},
): AllocationBudget {
  const of = (counts: readonly number[]) =>
    counts.reduce((sum, count, i) => sum + count * (counts[i - 1] ?? 3), counts.at(-1)! * 4);
  const limit = share * of(errors.map(({ length }) => length - 1));
  return {
    smallest: errors.map(() => 1),
    multiple: 1,
    limits: [{ limit, of }],
    fits: (counts) => of(counts) <= limit,
    ...more,
  };
}

/** All allocations that a budget allows. */
function everything({ smallest, fits }: AllocationBudget, { errors }: GroupErrors): number[][] {
  const extend = (counts: number[]): number[][] =>
    counts.length === errors.length
      ? [counts]
      : Array.from({ length: errors[counts.length]!.length - smallest[counts.length]! }, (_, i) =>
          extend([...counts, smallest[counts.length]! + i]),
        ).flat();
  return extend([]).filter((counts) => fits(counts));
}

const least = (budget: AllocationBudget, groups: GroupErrors) =>
  Math.min(...everything(budget, groups).map((counts) => allocationError(groups, counts)));

test.each([1, 2, 3, 4, 5])(
  'with convex errors and channels that all cost the same it is the best of all allocations (seed %d)',
  (seed) => {
    const random = createRandom(seed);
    const groups = { errors: [5, 7, 6].map((channels) => convexErrors(random, channels)) };
    const of = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
    for (const limit of [16, 12, 7, 3]) {
      const budget = chainBudget(groups.errors, 1, {
        limits: [{ limit, of }],
        fits: (counts) => of(counts) <= limit,
      });
      const counts = allocate(budget, groups);
      expect(of(counts)).toBe(limit);
      expect(allocationError(groups, counts)).toBeCloseTo(least(budget, groups), 12);
    }
  },
);

test('in chains, where a channel costs what its neighbours have left, it is within a fifth of the best', () => {
  let [sum, best] = [0, 0];
  for (let seed = 10; seed < 30; seed++) {
    const random = createRandom(seed);
    const groups = { errors: [6, 7, 5, 6].map((channels) => convexErrors(random, channels)) };
    for (const share of [0.7, 0.4, 0.2]) {
      const budget = chainBudget(groups.errors, share);
      const counts = allocate(budget, groups);
      expect(budget.fits(counts)).toBe(true);
      sum += allocationError(groups, counts);
      best += least(budget, groups);
    }
  }
  expect(sum / best).toBeLessThan(1.2);
});

test('an exchange of channels between groups gives counts that fit and a smaller sum, here by a tenth at most', () => {
  let [before, after, better] = [0, 0, 0];
  for (let seed = 40; seed < 60; seed++) {
    const random = createRandom(seed);
    const groups = { errors: [16, 24, 32, 24, 16].map((channels) => convexErrors(random, channels)) };
    for (const share of [0.7, 0.4, 0.2]) {
      const budget = chainBudget(groups.errors, share);
      const counts = allocate(budget, groups);
      const exchanged = exchange(budget, groups, counts);
      expect(budget.fits(exchanged)).toBe(true);
      const [error, least] = [counts, exchanged].map((each) => allocationError(groups, each));
      expect(least).toBeLessThanOrEqual(error!);
      before += error!;
      after += least!;
      if (least! < error!) better++;
    }
  }
  expect(better).toBeGreaterThan(0);
  expect(before / after).toBeLessThan(1.1);
});

test('a budget of everything takes nothing', () => {
  const groups = { errors: [4, 4].map((channels) => convexErrors(createRandom(1), channels)) };
  expect(allocate(chainBudget(groups.errors, 1), groups)).toEqual([4, 4]);
});

test('the more there is to spend, the smaller the error', () => {
  const random = createRandom(2);
  const groups = { errors: [16, 32, 32, 24].map((channels) => convexErrors(random, channels)) };
  const errors = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1].map((share) =>
    allocationError(groups, allocate(chainBudget(groups.errors, share), groups)),
  );
  expect(errors).toEqual([...errors].sort((a, b) => b - a));
  expect(errors.at(-1)).toBe(0);
});

test('counts are multiples or whole, never below the smallest, and no further step fits', () => {
  const random = createRandom(3);
  const groups = { errors: [20, 30, 12].map((channels) => convexErrors(random, channels)) };
  const budget = chainBudget(groups.errors, 0.4, { smallest: [8, 4, 12], multiple: 4 });
  const counts = allocate(budget, groups);
  counts.forEach((count, i) => {
    expect(count % 4 === 0 || count === groups.errors[i]!.length - 1).toBe(true);
    expect(count).toBeGreaterThanOrEqual(budget.smallest[i]!);
    const next = Math.min(count + 4, groups.errors[i]!.length - 1);
    if (next > count) expect(budget.fits(counts.with(i, next))).toBe(false);
  });
  expect(budget.fits(counts)).toBe(true);
});

test('all limits are kept, also those that pull in different directions', () => {
  const random = createRandom(4);
  const groups = { errors: [16, 16, 16].map((channels) => convexErrors(random, channels)) };
  // The first counts most for the one, the last for the other.
  const limits = [
    { limit: 60, of: (counts: readonly number[]) => 5 * counts[0]! + counts[1]! + counts[2]! },
    { limit: 50, of: (counts: readonly number[]) => counts[0]! + counts[1]! + 6 * counts[2]! },
  ];
  const fits = (counts: readonly number[]) => limits.every(({ limit, of }) => of(counts) <= limit);
  const counts = allocate({ smallest: [1, 1, 1], multiple: 1, limits, fits }, groups);
  expect(fits(counts)).toBe(true);
  expect(counts[1]).toBeGreaterThan(Math.max(counts[0]!, counts[2]!));
});

test('a group whose error counts more keeps more', () => {
  const errors = [0, 1].map(() => Float64Array.from({ length: 17 }, (_, removed) => removed ** 2));
  const budget = chainBudget(errors, 0.5);
  const equal = allocate(budget, { errors });
  const heavy = allocate(budget, { errors: [errors[0]!, errors[1]!.map((error) => 10 * error)] });
  expect(heavy[1]).toBeGreaterThan(equal[1]!);
  expect(heavy[0]).toBeLessThan(equal[0]!);
});

test('a step of an error curve does not hide that it is flat after it', () => {
  // The first channel of group 0 is dear, the next 31 cost nothing; those of group 1 cost a little each.
  const errors = [
    Float64Array.from({ length: 33 }, (_, removed) => (removed === 0 ? 0 : 0.1)),
    Float64Array.from({ length: 33 }, (_, removed) => 0.09 * removed),
  ];
  const of = (counts: readonly number[]) => counts[0]! + counts[1]!;
  const counts = allocate(
    { smallest: [1, 1], multiple: 1, limits: [{ limit: 44, of }], fits: (at) => of(at) <= 44 },
    { errors },
  );
  expect(counts).toEqual([12, 32]);
});

test('where nothing fits it gives the smallest counts', () => {
  const errors = [4, 4].map((channels) => convexErrors(createRandom(5), channels));
  expect(allocate(chainBudget(errors, 0.01), { errors })).toEqual([1, 1]);
});
