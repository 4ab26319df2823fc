import { createRandom } from '@tersor/core';
import {
  adamStep,
  backward,
  copyAdam,
  createAdam,
  forward,
  initializeParameters,
  type AdamState,
  type Network,
} from '@tersor/rl';

/** One critic: what it has learned, on top of a random function that stays as it is. */
export interface Critic {
  readonly parameters: Float32Array;
  readonly prior: Float32Array;
  readonly adam: AdamState;
}

/** Makes critics that differ in where they start and in their priors. */
export function createCritics(network: Network, count: number, seed: number): Critic[] {
  return Array.from({ length: count }, (_, index) => {
    const parameters = initializeParameters(network, createRandom(seed, `ensemble critic ${index}`));
    const prior = initializeParameters(network, createRandom(seed, `ensemble prior ${index}`));
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

/** What a critic expects of inputs, [batch, inputs]: `f(x) + weight * prior(x)` (Osband et al. 2018). */
export function predict(
  network: Network,
  { parameters, prior }: Critic,
  input: Float32Array,
  batch: number,
  weight: number,
): Float32Array {
  const learned = forward(network, parameters, input, batch).at(-1)!;
  const random = forward(network, prior, input, batch).at(-1)!;
  return learned.map((value, i) => value + weight * random[i]!);
}

/**
 * Steps of Adam down the mean squared error of a critic on all of its samples; changes it. Gives the error
 * before the last step.
 */
export function trainCritic(
  network: Network,
  { parameters, prior, adam }: Critic,
  samples: { readonly input: Float32Array; readonly targets: readonly number[] },
  options: { readonly prior: number; readonly updates: number; readonly learningRate: number },
): number {
  const { input, targets } = samples;
  const batch = targets.length;
  const random = forward(network, prior, input, batch).at(-1)!;
  const gradient = new Float32Array(parameters.length);
  let loss = 0;
  for (let step = 0; step < options.updates; step++) {
    const values = forward(network, parameters, input, batch);
    const errors = values.at(-1)!.map((value, i) => value + options.prior * random[i]! - targets[i]!);
    loss = errors.reduce((sum, error) => sum + error * error, 0) / batch;
    backward(
      network,
      parameters,
      values,
      errors.map((error) => (2 * error) / batch),
      batch,
      gradient,
    );
    adamStep(adam, parameters, gradient, { learningRate: options.learningRate });
  }
  return loss;
}
