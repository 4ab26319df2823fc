import { createRandom } from '@tersor/core';
import { adamStep, copyAdam, createAdam, type AdamState } from '@tersor/rl';
import { initializeSet, setPass, type Policies, type SetNetwork } from './set-network.js';

/** One critic: what it has learned, on top of a random function that stays as it is. */
export interface Critic {
  readonly parameters: Float32Array;
  readonly prior: Float32Array;
  /** What the random function is multiplied by, so that its deviation over policies is 1. */
  readonly priorScale: number;
  readonly adam: AdamState;
}

/**
 * Makes critics that differ in where they start and in their priors. As drawn, a random function hardly
 * differs between policies near each other, and so would not make critics disagree: it is scaled to a
 * deviation of 1 over `policies`.
 */
export function createCritics(
  network: SetNetwork,
  count: number,
  seed: number,
  policies: Policies,
): Critic[] {
  return Array.from({ length: count }, (_, index) => {
    const parameters = initializeSet(network, createRandom(seed, `ensemble critic ${index}`));
    const prior = initializeSet(network, createRandom(seed, `ensemble prior ${index}`));
    const priorScale = 1 / (deviation(setPass(network, prior, policies).values) || 1);
    return { parameters, prior, priorScale, adam: createAdam(parameters.length) };
  });
}

/** A critic that goes on apart from the given one. */
export function copyCritic({ parameters, prior, priorScale, adam }: Critic): Critic {
  return {
    parameters: parameters.slice(),
    prior,
    priorScale,
    adam: copyAdam(adam),
  };
}

/** What a critic expects of policies: `f(x) + weight * prior(x)` (Osband et al. 2018). */
export function predict(
  network: SetNetwork,
  { parameters, prior, priorScale }: Critic,
  policies: Policies,
  weight: number,
): Float32Array {
  const learned = setPass(network, parameters, policies).values;
  const random = setPass(network, prior, policies).values;
  return learned.map((value, i) => value + weight * priorScale * random[i]!);
}

/**
 * Steps of Adam down the mean squared error of a critic on all of its samples; changes it. Gives the error
 * before the last step.
 */
export function trainCritic(
  network: SetNetwork,
  { parameters, prior, priorScale, adam }: Critic,
  samples: { readonly policies: Policies; readonly targets: readonly number[] },
  options: { readonly prior: number; readonly updates: number; readonly learningRate: number },
): number {
  const { policies, targets } = samples;
  const batch = targets.length;
  const random = setPass(network, prior, policies).values;
  const gradient = new Float32Array(parameters.length);
  let loss = 0;
  for (let step = 0; step < options.updates; step++) {
    const { values, back } = setPass(network, parameters, policies);
    const errors = values.map((value, i) => value + options.prior * priorScale * random[i]! - targets[i]!);
    loss = errors.reduce((sum, error) => sum + error * error, 0) / batch;
    back(
      errors.map((error) => (2 * error) / batch),
      gradient,
    );
    adamStep(adam, parameters, gradient, { learningRate: options.learningRate });
  }
  return loss;
}

/** The standard deviation. */
export function deviation(values: ArrayLike<number>): number {
  const all = Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length);
}
