import * as tf from '@tensorflow/tfjs-core';
import type {
  LayerGraph,
  TrainingBatch,
  TrainingObjective,
  TrainingSession,
  TrainingStep,
} from '@tersor/core';
import { batchNormTraining } from './batch-norm-training.js';
import { isFrozen } from '../graph/frozen-layers.js';
import { gradientError } from './gradient-error.js';
import { requireComputable } from '../inference/require-computable.js';
import { disposeModel, modelFromGraph } from '../graph/model-graph.js';
import { networkOutput } from '../graph/network-output.js';
import { withSeededMathRandom } from './seeded-math-random.js';
import { applyLayer, type TrainingKernels, type TrainingNetwork } from './training-layer.js';
import { accuracyOf, trainingLoss } from './loss.js';

/**
 * Compiles a network for training on the active tfjs backend. The caller owns the weights: each step takes
 * them and returns gradients in the same order. The loss is computed on the output of `networkOutput`,
 * without the final softmax or sigmoid. Frozen layers get gradients of 0 and keep their statistics. Throws
 * `MODEL_UNSUPPORTED` for a layer that tfjs cannot compute; a step throws `TRAINING_UNSUPPORTED` for a layer
 * without a gradient.
 */
export async function compileGradients(
  graph: LayerGraph,
  objective: TrainingObjective,
  kernels: TrainingKernels = { batchNorm: batchNormTraining },
): Promise<TrainingSession> {
  requireComputable(graph);
  const output = networkOutput(graph);
  const { graph: trained } = output;
  const model = await modelFromGraph(trained);
  const network: TrainingNetwork = {
    graph: trained,
    layers: new Map(model.layers.map((layer) => [layer.name, layer])),
    outputCall: trained.outputs[0]!,
    kernels,
    freezeStatistics: objective.freezeStatistics === true,
  };
  const slots = trained.layers.flatMap((layer) =>
    layer.weights.map((weight, index) => ({
      layer,
      weight,
      variable: network.layers.get(layer.name)!.weights[index]!.read() as tf.Variable,
    })),
  );
  const learned = slots
    .filter(({ layer, weight }) => weight.trainable && !isFrozen(layer))
    .map(({ variable }) => variable);
  const imageShape = model.inputs[0]!.shape.slice(1) as number[];

  const step = async (weights: readonly Float32Array[], batch: TrainingBatch): Promise<TrainingStep> => {
    const statistics = new Map<string, tf.Tensor>();
    let logits: tf.Tensor | undefined;
    const compute = () =>
      tf.tidy(() => {
        slots.forEach(({ variable, weight }, i) =>
          variable.assign(tf.tensor(weights[i]!, [...weight.shape])),
        );
        const images = tf.tensor(batch.images, [batch.labels.length, ...imageShape]);
        const lossOf = () => {
          logits = forward(network, images, batch.seed, statistics);
          return trainingLoss(logits, batch, objective, output);
        };
        return withSeededMathRandom(batch.seed, 'training', () => tf.variableGrads(lossOf, learned));
      });
    let computed: ReturnType<typeof compute>;
    try {
      computed = compute();
    } catch (cause) {
      tf.dispose([...statistics.values(), ...(logits ? [logits] : [])]);
      throw gradientError(network, cause);
    }
    const { value, grads } = computed;
    const updates = await Promise.all(
      slots.map(async ({ layer, weight, variable }) => {
        const tensor = weight.trainable
          ? grads[variable.name]
          : (statistics.get(`${layer.name}/${weight.name}`) ?? variable);
        if (!tensor) return new Float32Array(weight.data.length);
        const values = (await tensor.data()) as Float32Array;
        // A JavaScript backend returns its own array, which is shared with the tensor. Gradients are disposed
        // of below, but variables live on, so theirs is copied.
        return tensor === variable ? values.slice() : values;
      }),
    );
    const loss = (await value.data())[0]!;
    // If the loss is not finite, let the caller report that rather than outputs that are not.
    const accuracy = Number.isFinite(loss) ? accuracyOf(await logits!.data(), batch.labels) : 0;
    tf.dispose([value, ...Object.values(grads), ...statistics.values(), logits!]);
    return { loss, accuracy, updates };
  };
  return {
    step,
    dispose: () => void (slots.every(({ variable }) => !variable.isDisposed) && disposeModel(model)),
  };
}

/**
 * The forward pass in training mode. Adds batch statistics to `statistics` and returns the logits, all as
 * kept tensors.
 */
function forward(
  network: TrainingNetwork,
  images: tf.Tensor,
  seed: number,
  statistics: Map<string, tf.Tensor>,
): tf.Tensor {
  const outputs: tf.Tensor[] = [];
  network.graph.calls.forEach((call, index) => {
    if (network.graph.inputs.includes(index)) outputs.push(images);
    else
      outputs.push(
        applyLayer(
          network,
          call,
          call.inputs.map((input) => outputs[input]!),
          seed + index,
          statistics,
        ),
      );
  });
  return tf.keep(outputs[network.outputCall]!);
}
