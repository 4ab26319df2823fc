import { createRandom } from '@tersor/core';
import { adamStep, copyAdam, createAdam, type AdamState } from '@tersor/rl';
import { initializeSet, setPass, type Policies, type SetNetwork } from './set-network.js';

/** One critic: what it has learned, on top of a random function that stays as it is. */
export interface Critic {
  readonly parameters: Float32Array;
  readonly prior: Float32Array;
  readonly adam: AdamState;
}

/** Makes critics that differ in where they start and in their priors. */
export function createCritics(network: SetNetwork, count: number, seed: number): Critic[] {
  return Array.from({ length: count }, (_, index) => {
    const parameters = initializeSet(network, createRandom(seed, `ensemble critic ${index}`));
    const prior = initializeSet(network, createRandom(seed, `ensemble prior ${index}`));
    return { parameters, prior, adam: createAdam(parameters.length) };
  });
}

/** A critic that goes on apart from the given one. */
export function copyCritic({ parameters, prior, adam }: Critic): Critic {
  return {
    parameters: parameters.slice(),
    prior,
    adam: copyAdam(adam),
  };
}

/** What a critic expects of policies: `f(x) + weight * prior(x)` (Osband et al. 2018). */
export function predict(
  network: SetNetwork,
  { parameters, prior }: Critic,
  policies: Policies,
  weight: number,
): Float32Array {
  const learned = setPass(network, parameters, policies).values;
  const random = setPass(network, prior, policies).values;
  return learned.map((value, i) => value + weight * random[i]!);
}

/**
 * Steps of Adam down the mean squared error of a critic on all of its samples; changes it. Gives the error
 * before the last step.
 */
export function trainCritic(
  network: SetNetwork,
  { parameters, prior, adam }: Critic,
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
    const errors = values.map((value, i) => value + options.prior * random[i]! - targets[i]!);
    loss = errors.reduce((sum, error) => sum + error * error, 0) / batch;
    back(
      errors.map((error) => (2 * error) / batch),
      gradient,
    );
    adamStep(adam, parameters, gradient, { learningRate: options.learningRate });
  }
  return loss;
}
