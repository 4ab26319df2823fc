import fc from 'fast-check';
import { generalizedAdvantages } from './advantages.js';

it('gives the advantages that the definition gives by hand', () => {
  // d = [1 + 0.9 * 2 - 1, 0 + 0.9 * 3 - 2, 2 + 0.9 * 4 - 3] = [1.8, 0.7, 2.6]; A_t = d_t + 0.45 A_{t+1}.
  const advantages = generalizedAdvantages({ rewards: [1, 0, 2], values: [1, 2, 3], lastValue: 4 }, 0.9, 0.5);
  [1.8 + 0.45 * (0.7 + 0.45 * 2.6), 0.7 + 0.45 * 2.6, 2.6].forEach((expected, i) =>
    expect(advantages[i]).toBeCloseTo(expected, 12),
  );
});

/** `sum_k gamma^k r_{t+k}`, with `lastValue` after the last reward. */
function discountedReturns(rewards: readonly number[], gamma: number, lastValue: number): number[] {
  return rewards.map((_, step) =>
    [...rewards.slice(step), lastValue].reduce((sum, reward, later) => sum + gamma ** later * reward, 0),
  );
}

const episode = fc.array(
  fc.record({
    reward: fc.double({ min: -5, max: 5, noNaN: true }),
    value: fc.double({ min: -5, max: 5, noNaN: true }),
  }),
  { minLength: 1, maxLength: 30 },
);

it('is the discounted return minus the value for lambda 1, and the one-step difference for lambda 0', () => {
  fc.assert(
    fc.property(
      episode,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: -5, max: 5, noNaN: true }),
      (steps, gamma, lastValue) => {
        const rewards = steps.map(({ reward }) => reward);
        const values = steps.map(({ value }) => value);
        const returns = discountedReturns(rewards, gamma, lastValue);
        generalizedAdvantages({ rewards, values, lastValue }, gamma, 1).forEach((advantage, i) =>
          expect(advantage).toBeCloseTo(returns[i]! - values[i]!, 9),
        );
        generalizedAdvantages({ rewards, values, lastValue }, gamma, 0).forEach((advantage, i) =>
          expect(advantage).toBeCloseTo(rewards[i]! + gamma * (values[i + 1] ?? lastValue) - values[i]!, 12),
        );
      },
    ),
  );
});
