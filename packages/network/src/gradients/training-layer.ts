import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { GraphLayer, LayerCall, LayerGraph } from '@tersor/core';
import type { NormalizedBatch } from './batch-norm-training.js';
import { isFrozen } from '../graph/frozen-layers.js';
import { factsOf } from '../layers/layer-table.js';

type Layer = tfl.LayersModel['layers'][number];

/**
 * A network prepared for training: its tfjs layers, which are called one by one so that some can be replaced.
 */
export interface TrainingNetwork {
  readonly graph: LayerGraph;
  readonly layers: ReadonlyMap<string, Layer>;
  readonly outputCall: number;
  readonly kernels: TrainingKernels;
  readonly freezeStatistics: boolean;
}

/** Parts of the training pass that a backend may replace. */
export interface TrainingKernels {
  /**
   * Batch norm over the last axis with the batch's statistics (biased variance), differentiable in x, gamma
   * and beta.
   */
  batchNorm(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): NormalizedBatch;
}

/**
 * Applies the layer of a call in training mode. Adds batch statistics to `statistics`, by `layer/weight`, as
 * kept tensors.
 */
export function applyLayer(
  network: TrainingNetwork,
  call: LayerCall,
  inputs: tf.Tensor[],
  seed: number,
  statistics: Map<string, tf.Tensor>,
): tf.Tensor {
  const description = network.graph.layers.find(({ name }) => name === call.layer)!;
  const layer = network.layers.get(call.layer)!;
  const input = inputs[0]!;
  const facts = factsOf(description);
  if (facts?.statistics) {
    const axis = Number(description.config['axis'] ?? -1);
    if (axis === -1 || axis === input.rank - 1)
      return normalize(network, call, layer, description, input, statistics);
    // Swap the axis with the last one, and back.
    const order = input.shape.map((_, i) => (i === axis ? input.rank - 1 : i === input.rank - 1 ? axis : i));
    return tf.transpose(
      normalize(network, call, layer, description, tf.transpose(input, order), statistics),
      order,
    );
  }
  const result = facts?.training?.({
    layer: description,
    input,
    seed,
    weight: (name) => weightOf(layer, description, name),
    activate: (x) => activationOf(layer)?.apply(x) ?? x,
  });
  return result ?? (layer.apply(inputs.length === 1 ? input : inputs, { training: true }) as tf.Tensor);
}

/** The field is protected in the types. */
function activationOf(layer: Layer): { apply(x: tf.Tensor): tf.Tensor } | undefined {
  return (
    (layer as unknown as { activation?: { apply(x: tf.Tensor): tf.Tensor } | null }).activation ?? undefined
  );
}

/** Batch norm over the last axis. */
function normalize(
  { kernels, freezeStatistics }: TrainingNetwork,
  call: LayerCall,
  layer: Layer,
  description: GraphLayer,
  input: tf.Tensor,
  statistics: Map<string, tf.Tensor>,
): tf.Tensor {
  const read = (name: string, missing: number) =>
    weightOf(layer, description, name) ?? tf.fill([input.shape.at(-1)!], missing);
  const epsilon = Number(description.config['epsilon'] ?? 1e-3);
  if (freezeStatistics || isFrozen(description)) {
    const scale = tf.mul(read('gamma', 1), tf.rsqrt(tf.add(read('moving_variance', 1), epsilon)));
    return tf.add(tf.mul(input, scale), tf.sub(read('beta', 0), tf.mul(read('moving_mean', 0), scale)));
  }
  const result = kernels.batchNorm(input, read('gamma', 1), read('beta', 0), epsilon);
  // A shared layer keeps the statistics of its last call.
  tf.dispose(
    ['moving_mean', 'moving_variance'].flatMap((name) => statistics.get(`${call.layer}/${name}`) ?? []),
  );
  statistics.set(`${call.layer}/moving_mean`, tf.keep(result.mean));
  statistics.set(`${call.layer}/moving_variance`, tf.keep(result.variance));
  return result.output;
}

function weightOf(layer: Layer, description: GraphLayer, name: string): tf.Tensor | undefined {
  const index = description.weights.findIndex((weight) => weight.name === name);
  return index < 0 ? undefined : (layer.weights[index]!.read() as tf.Tensor);
}
