import fc from 'fast-check';
import {
  LINEAR_SCALE,
  logitScale,
  residualAmounts,
  residualsOf,
  type Allocation,
} from './residual-amounts.js';

/** Groups whose cost is the sum of products of neighbours, as multiply-adds of a chain are. */
const chains = fc
  .record({
    channels: fc.array(fc.integer({ min: 4, max: 64 }), { minLength: 2, maxLength: 6 }),
    share: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
    multiple: fc.constantFrom(1, 4),
    seeds: fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 6, maxLength: 6 }),
  })
  .map(({ channels, share, multiple, seeds }) => {
    const cost = (amounts: readonly number[]) =>
      amounts.reduce((sum, amount, i) => sum + amount * (amounts[i + 1] ?? 10), 0);
    const least = channels.map(() => 1);
    const budget = cost(least) + share * (cost(channels) - cost(least));
    const allocation: Allocation = {
      least,
      most: channels,
      nearest: (item, amount) =>
        Math.min(channels[item]!, Math.max(1, Math.round(amount / multiple) * multiple)),
      fits: (amounts) => cost(amounts) <= budget,
    };
    return { channels, allocation, residuals: channels.map((_, i) => seeds[i]!) };
  });

describe('amounts around a reference', () => {
  it('keep the budget and the ends of every item, whatever the residuals', () => {
    fc.assert(
      fc.property(chains, ({ channels, allocation, residuals }) => {
        const amounts = residualAmounts(allocation, logitScale(channels), allocation.least, residuals);
        expect(allocation.fits(amounts)).toBe(true);
        amounts.forEach((amount, i) => {
          expect(amount).toBeGreaterThanOrEqual(1);
          expect(amount).toBeLessThanOrEqual(channels[i]!);
        });
      }),
    );
  });

  it('are the reference itself where all residuals are zero', () => {
    fc.assert(
      fc.property(chains, ({ channels, allocation }) => {
        const zeros = channels.map(() => 0);
        expect(residualAmounts(allocation, logitScale(channels), allocation.least, zeros)).toEqual(
          allocation.least,
        );
      }),
    );
  });

  it('do not change where all residuals rise by the same', () => {
    fc.assert(
      fc.property(
        chains,
        fc.double({ min: -2, max: 2, noNaN: true }),
        ({ channels, allocation, residuals }, by) => {
          const at = (added: number) =>
            residualAmounts(
              allocation,
              logitScale(channels),
              allocation.least,
              residuals.map((residual) => residual + 0.001 + added),
            );
          const [one, other] = [at(0), at(by)];
          // The shift is found by halving, so a count at the border may fall either way.
          one.forEach((amount, i) => expect(Math.abs(amount - other[i]!)).toBeLessThanOrEqual(4));
        },
      ),
    );
  });

  it('give more to the item whose residual is larger, at the same reference', () => {
    const allocation: Allocation = {
      least: [1, 1],
      most: [64, 64],
      nearest: (_item, amount) => Math.round(amount),
      fits: ([a, b]) => a! + b! <= 64,
    };
    expect(residualAmounts(allocation, logitScale([64, 64]), [32, 32], [1, -1])).toEqual([47, 17]);
    expect(residualAmounts(allocation, logitScale([64, 64]), [32, 32], [-1, 1])).toEqual([17, 47]);
  });

  it('bring bits to the whole number below the budget, on a linear scale', () => {
    const allocation: Allocation = {
      least: [2, 2, 2],
      most: [8, 8, 8],
      nearest: (_item, amount) => Math.round(amount),
      fits: (bits) => bits.reduce((sum, each) => sum + each, 0) <= 12,
    };
    expect(residualAmounts(allocation, LINEAR_SCALE, [4, 4, 4], [2, 0, -2])).toEqual([6, 4, 2]);
  });

  it('come back from the residuals that lead to them', () => {
    const allocation: Allocation = {
      least: [1, 1, 1],
      most: [32, 32, 32],
      nearest: (_item, amount) => Math.round(amount),
      fits: (amounts) => amounts.reduce((sum, each) => sum + each, 0) <= 60,
    };
    const scale = logitScale([32, 32, 32]);
    const residuals = residualsOf(scale, [20, 20, 20], [30, 10, 20]);
    expect(residuals.reduce((sum, each) => sum + each, 0)).toBeCloseTo(0, 12);
    expect(residualAmounts(allocation, scale, [20, 20, 20], residuals)).toEqual([30, 10, 20]);
  });
});
