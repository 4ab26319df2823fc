import * as tf from '@tensorflow/tfjs-core';
import { isTersorError, messageOf, TersorError, type LayerCall } from '@tersor/core';
import { notComputable } from '../inference/require-computable.js';
import { applyLayer, type TrainingNetwork } from './training-layer.js';

/**
 * Message of tfjs if a result does not depend on an argument in a differentiable way, for instance on the
 * input of an embedding, which needs no gradient.
 */
const DISCONNECTED = /encloses all operations/;

/**
 * The error for a training step that failed in tfjs. Computes each layer by itself to find the one that has
 * no gradient (`TRAINING_UNSUPPORTED`) or cannot be computed at all (`MODEL_UNSUPPORTED`). Returns `cause`
 * itself if every layer works.
 */
export function gradientError(network: TrainingNetwork, cause: unknown): unknown {
  forgetTape();
  if (isTersorError(cause)) return cause;
  for (const [index, call] of network.graph.calls.entries()) {
    if (network.graph.inputs.includes(index)) continue;
    const layer = network.graph.layers.find(({ name }) => name === call.layer)!;
    const shapes = call.inputs.map((input) => network.graph.calls[input]!.outputShape);
    const forward = failureOf(network, call, shapes, (apply, inputs) => apply(inputs));
    if (forward) return notComputable(layer, forward);
    const backward = failureOf(network, call, shapes, (apply, inputs) =>
      tf.grads((...tensors) => tf.sum(apply(tensors)))(inputs),
    );
    if (!backward || DISCONNECTED.test(messageOf(backward))) continue;
    return new TersorError(
      'TRAINING_UNSUPPORTED',
      `Layer "${layer.name}" (${layer.className}) has no gradient in TensorFlow.js: ${messageOf(backward)}`,
      {
        cause,
        hint: 'Do without training: set "finetune.epochs" to 0 in both stages. Or replace the layer.',
      },
    );
  }
  return cause;
}

type Apply = (inputs: tf.Tensor[]) => tf.Tensor;

/** The error that a computation with one layer throws for an image of zeros; undefined if it works. */
function failureOf(
  network: TrainingNetwork,
  call: LayerCall,
  shapes: readonly LayerCall['outputShape'][],
  compute: (apply: Apply, inputs: tf.Tensor[]) => unknown,
): unknown {
  const statistics = new Map<string, tf.Tensor>();
  try {
    tf.tidy(() => {
      const inputs = shapes.map((shape) => tf.zeros([1, ...shape.map((size) => size ?? 1)]));
      compute((tensors) => applyLayer(network, call, tensors, 0, statistics), inputs);
    });
    return undefined;
  } catch (error) {
    forgetTape();
    return error;
  } finally {
    tf.dispose([...statistics.values()]);
  }
}

/** Frees the tensors that tfjs keeps forever after a failed backward pass. */
function forgetTape(): void {
  const { state } = tf.engine();
  for (const { saved } of state.activeTape ?? []) saved?.forEach((tensor) => tensor.dispose());
  state.activeTape = [];
}
