import * as tf from '@tensorflow/tfjs-core';
import type { NoisyNetwork } from './noisy-network.js';

interface SavedTensor {
  readonly name: string;
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32';
  readonly data: Float32Array | Int32Array;
}

/** All that the training of the noise needs to go on; structured-cloneable. */
export interface NoiseTrainingState {
  readonly epochsDone: number;
  /** Kernel and noise parameters, layer by layer. */
  readonly variables: readonly SavedTensor[];
  readonly moments: Readonly<Record<keyof NoiseOptimizers, readonly SavedTensor[]>>;
}

/** Adam for the noise parameters, and for the kernels. */
export interface NoiseOptimizers {
  noise: tf.AdamOptimizer;
  weights: tf.AdamOptimizer;
}

/** Learning rates of the two. */
export interface LearningRates {
  /** Adam's learning rate of the noise parameters. */
  readonly noiseLearningRate: number;
  /** Adam's learning rate of the kernels, from the given weights. */
  readonly weightLearningRate: number;
}

/** Optimizers that have not made a step. */
export function createOptimizers({ noiseLearningRate, weightLearningRate }: LearningRates): NoiseOptimizers {
  return { noise: tf.train.adam(noiseLearningRate), weights: tf.train.adam(weightLearningRate) };
}

/** Copies the state of a training. */
export async function capture(
  epochsDone: number,
  network: NoisyNetwork,
  { noise, weights }: NoiseOptimizers,
): Promise<NoiseTrainingState> {
  return {
    epochsDone,
    variables: await Promise.all(variablesOf(network).map((variable) => save(variable.name, variable))),
    moments: { noise: await saveMoments(noise), weights: await saveMoments(weights) },
  };
}

/**
 * Puts a captured state back; the optimizers are replaced (tfjs's own setWeights would lose hold of the
 * moments that are there).
 */
export async function restore(
  { variables, moments }: NoiseTrainingState,
  network: NoisyNetwork,
  optimizers: NoiseOptimizers,
  rates: LearningRates,
): Promise<void> {
  variablesOf(network).forEach((variable, i) => {
    const value = load(variables[i]!);
    variable.assign(value);
    value.dispose();
  });
  const fresh = createOptimizers(rates);
  for (const kind of ['noise', 'weights'] as const) {
    optimizers[kind].dispose();
    optimizers[kind] = fresh[kind];
    const tensors = moments[kind].map((saved) => ({ name: saved.name, tensor: load(saved) }));
    await optimizers[kind].setWeights(tensors);
    tf.dispose(tensors.map(({ tensor }) => tensor));
  }
}

function variablesOf(network: NoisyNetwork): tf.Variable[] {
  return network.layers.flatMap(({ kernel, noise }) => [kernel, ...noise]);
}

async function saveMoments(optimizer: tf.AdamOptimizer): Promise<SavedTensor[]> {
  const weights = await optimizer.getWeights();
  const saved = await Promise.all(weights.map(({ name, tensor }) => save(name, tensor)));
  // The first is made for the caller; the others are the optimizer's own.
  weights[0]?.tensor.dispose();
  return saved;
}

async function save(name: string, tensor: tf.Tensor): Promise<SavedTensor> {
  return {
    name,
    shape: tensor.shape,
    dtype: tensor.dtype as SavedTensor['dtype'],
    data: (await tensor.data()).slice() as SavedTensor['data'],
  };
}

function load({ data, shape, dtype }: SavedTensor): tf.Tensor {
  return tf.tensor(data, shape, dtype);
}
