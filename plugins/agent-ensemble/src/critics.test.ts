import { createRandom } from '@tersor/core';
import { createActionRange } from '@tersor/rl';
import { withNoise } from './candidates.js';
import { createCritics, deviation, predict } from './critics.js';
import { policyView } from './policy-view.js';

describe('critics', () => {
  const view = policyView(
    [32, 32],
    { maxSteps: 12 },
    createActionRange({ type: 'box', low: [-1], high: [1] }),
  );
  const random = createRandom(1, 'policies');
  const around = (count: number) =>
    view.policiesOf(Array.from({ length: count }, () => withNoise(Array<number>(12).fill(0.5), 0.1, random)));

  it('disagree about policies near each other as much as the weight of their priors says', () => {
    const critics = createCritics(view.network, 6, 1, around(200));
    const policies = around(50);
    const spreads = critics.map((critic) => {
      const without = predict(view.network, critic, policies, 0);
      return deviation(predict(view.network, critic, policies, 0.3).map((value, i) => value - without[i]!));
    });
    for (const spread of spreads) {
      expect(spread).toBeGreaterThan(0.2);
      expect(spread).toBeLessThan(0.4);
    }
    // Each in its own way: the mean of all differs less.
    const mean = policies.lengths.map((_, i) =>
      critics.reduce((sum, critic) => sum + predict(view.network, critic, policies, 1)[i]! / 6, 0),
    );
    expect(deviation(mean)).toBeLessThan(0.8);
  });

  it('have a deviation of known size', () => {
    expect(deviation([1, 3, 1, 3])).toBe(1);
    expect(deviation(new Float32Array([7, 7]))).toBe(0);
  });
});
