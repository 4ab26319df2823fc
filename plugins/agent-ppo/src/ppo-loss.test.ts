import { createRandom } from '@tersor/core';
import type { ActionHead } from './heads/action-head.js';
import { createActionHead } from './heads/create-action-head.js';
import { policyLoss, valueLoss, type CollectedStep } from './ppo-loss.js';

const random = createRandom(3, 'loss test');
const gaussian = createActionHead({ type: 'box', low: [0, -2], high: [1, 2] }, { sigma: 0.5, squash: false });
const categorical = createActionHead({ type: 'discrete', size: 4 }, { sigma: 0.5, squash: false });

it('gives the closed form of the normal log-density and entropy', () => {
  const logDeviation = Math.log(0.5);
  const { logProbability, entropy } = gaussian.evaluate([0.1, -0.3], [logDeviation, 0], [0.6, 0.7]);
  // Both samples lie one deviation from their means: ln N = -1/2 - ln sigma - ln(2 pi) / 2 each.
  expect(logProbability.value).toBeCloseTo(-1 - Math.log(0.5) - Math.log(2 * Math.PI), 12);
  expect(entropy.value).toBeCloseTo(Math.log(2 * Math.PI * Math.E) + Math.log(0.5), 12);
});

it('gives the closed form of the categorical log-probability and entropy', () => {
  const logits = [Math.log(1), Math.log(2), Math.log(3), Math.log(4)];
  const { logProbability, entropy } = categorical.evaluate(logits, [], [2]);
  expect(logProbability.value).toBeCloseTo(Math.log(0.3), 12);
  expect(entropy.value).toBeCloseTo(
    -(0.1 * Math.log(0.1) + 0.2 * Math.log(0.2) + 0.3 * Math.log(0.3) + 0.4 * Math.log(0.4)),
    12,
  );
  // Far apart logits do not overflow.
  expect(categorical.evaluate([1000, 0, 0, -1000], [], [0]).logProbability.value).toBe(0);
});

it('draws as often as the probabilities say', () => {
  const logits = [1, 2, 3, 4].map(Math.log);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 20000; i++) counts[categorical.draw(logits, [], random)[0]!]!++;
  counts.forEach((count, i) => expect(Math.abs(count / 20000 - (i + 1) / 10)).toBeLessThan(0.015));
  expect(categorical.mode(logits)).toEqual([3]);
});

it.each([false, true])('maps samples into the box and back (squash: %s)', (squash) => {
  const head = createActionHead({ type: 'box', low: [0, -2, 5], high: [1, 2, 5] }, { sigma: 0.5, squash });
  expect(head.toAction([0, 0, 0])).toEqual([0.5, 0, 5]);
  for (const sample of [
    [0.3, -0.8, 0],
    [-0.5, 0.9, 0],
  ])
    head.toSample(head.toAction(sample)).forEach((value, i) => expect(value).toBeCloseTo(sample[i]!, 10));
  expect(head.toAction([9, -9, 9]).map((value) => Math.round(1e6 * value) / 1e6)).toEqual([1, -2, 5]);
  for (const value of head.toSample([1, -2, 5])) expect(Number.isFinite(value)).toBe(true);
});

describe.each([
  ['gaussian', gaussian, [-0.4, 0.1]],
  ['categorical', categorical, []],
] as const)('policy loss, %s', (_name, head: ActionHead, free) => {
  const batch = 12;
  const outputs = Float32Array.from({ length: batch * head.outputs }, () => random.normal());
  const steps = Array.from({ length: batch }, (_, row): CollectedStep => {
    const own = outputs.subarray(row * head.outputs, (row + 1) * head.outputs);
    const sample = head.draw(own, free, random);
    // Old probabilities that differ from the new ones by up to e^0.4: some ratios are cut, some are not.
    const logProbability =
      head.evaluate(own, free, sample).logProbability.value + 0.4 * (2 * random.uniform() - 1);
    return { observation: [], sample, logProbability, value: 0, advantage: 0, returns: 0 };
  });
  const advantages = steps.map(() => random.normal());
  const lossAt = (at: Float32Array, freeAt: Float32Array) =>
    policyLoss(head, at, freeAt, steps, advantages, { clip: 0.2, entropy: 0.05 });

  it('has some cut steps, and some that are not', () => {
    const { clipped } = lossAt(outputs, Float32Array.from(free));
    expect(clipped).toBeGreaterThan(0);
    expect(clipped).toBeLessThan(1);
  });

  it('has the gradient that finite differences give', () => {
    const { outputGradient, freeGradient } = lossAt(outputs, Float32Array.from(free));
    const difference = (change: (by: number) => number) => (change(1e-3) - change(-1e-3)) / 2e-3;
    outputGradient.forEach((gradient, i) => {
      const numeric = difference(
        (by) =>
          lossAt(
            outputs.map((value, j) => (i === j ? value + by : value)),
            Float32Array.from(free),
          ).loss,
      );
      expect(Math.abs(gradient - numeric)).toBeLessThan(2e-4);
    });
    freeGradient.forEach((gradient, i) => {
      const numeric = difference(
        (by) =>
          lossAt(
            outputs,
            Float32Array.from(free, (value, j) => (i === j ? value + by : value)),
          ).loss,
      );
      expect(Math.abs(gradient - numeric)).toBeLessThan(2e-4);
    });
  });
});

/**
 * The loss of one step that is `ratio` times as likely now as under the policy that collected it, cut around
 * a ratio of 1, or of `anchor`.
 */
function lossOfStep(ratio: number, advantage: number, anchor?: number) {
  const { logProbability } = categorical.evaluate([0, 0, 0, 0], [], [1]);
  const before = logProbability.value - Math.log(ratio);
  const step: CollectedStep = {
    observation: [],
    sample: [1],
    logProbability: before,
    ...(anchor !== undefined && { anchor: before + Math.log(anchor) }),
    value: 0,
    advantage,
    returns: 0,
  };
  const cut = { clip: 0.2, entropy: 0 };
  return policyLoss(categorical, new Float32Array(4), new Float32Array(0), [step], [advantage], cut);
}

it('cuts the surrogate as equation 7 says', () => {
  const at = (ratio: number, advantage: number) => lossOfStep(ratio, advantage);
  expect(at(1.5, 2)).toMatchObject({ loss: expect.closeTo(-2.4, 6), clipped: 1 });
  expect(at(1.5, -2)).toMatchObject({ loss: expect.closeTo(3, 6), clipped: 0 });
  expect(at(0.5, 2)).toMatchObject({ loss: expect.closeTo(-1, 6), clipped: 0 });
  expect(at(0.5, -2)).toMatchObject({ loss: expect.closeTo(1.6, 6), clipped: 1 });
  expect([...at(1.5, 2).outputGradient].every((gradient) => gradient === 0)).toBe(true);
  // KL estimate: (r - 1) - log r.
  expect(at(1.5, 2).divergence).toBeCloseTo(0.5 - Math.log(1.5), 6);
});

it('cuts a step of an earlier policy around the ratio that the training begins with', () => {
  // Three times as likely under the policy of the training's beginning as under the one that collected it.
  const at = (ratio: number, advantage: number) => lossOfStep(ratio, advantage, 3);
  expect(at(3.1, 2)).toMatchObject({ loss: expect.closeTo(-6.2, 6), clipped: 0 });
  expect(at(3.5, 2)).toMatchObject({ loss: expect.closeTo(-6.4, 6), clipped: 1 });
  expect(at(3.5, -2)).toMatchObject({ loss: expect.closeTo(7, 6), clipped: 0 });
  expect(at(1, -2)).toMatchObject({ loss: expect.closeTo(5.6, 6), clipped: 1 });
  // How far the policy has moved in this training: nothing.
  expect(at(3, 2).divergence).toBeCloseTo(0, 12);
});

it('takes half the squared error of values, or the larger one of it and that of the clipped values', () => {
  const step = (value: number, returns: number): CollectedStep => ({
    observation: [],
    sample: [],
    logProbability: 0,
    value,
    advantage: 0,
    returns,
  });
  const free = valueLoss(Float32Array.of(3, 1), [step(0, 1), step(0, 1)], 0);
  expect(free.loss).toBe(1);
  expect([...free.gradient]).toEqual([1, 0]);
  // 0 may move to 0.5 at most: (0.5 - 2)^2 is larger than (1.5 - 2)^2, and it no longer depends on the value.
  const clipped = valueLoss(Float32Array.of(1.5), [step(0, 2)], 0.5);
  expect(clipped.loss).toBe(1.125);
  expect([...clipped.gradient]).toEqual([0]);
});
