import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { GraphLayer, LayerCall, LayerGraph, TrainingBatch, TrainingObjective, TrainingSession, TrainingStep } from '@tersor/core';
import { batchNormTraining, type NormalizedBatch } from './batch-norm-training.js';
import { isDilated, trainDilatedLayer } from './dilated-layer.js';
import { isFrozen } from './frozen-layers.js';
import { requireComputable } from './inference/require-computable.js';
import { disposeModel, modelFromGraph } from './model-graph.js';
import { networkOutput } from './network-output.js';
import { withSeededMathRandom } from './seeded-math-random.js';
import { accuracyOf, trainingLoss } from './training/loss.js';

type Layer = tfl.LayersModel['layers'][number];

/** A network prepared for training: the stock tfjs layers, called one by one so that batch norm and dropout can be ours. */
interface TrainingNetwork {
  readonly graph: LayerGraph;
  readonly layers: ReadonlyMap<string, Layer>;
  readonly outputCall: number;
  readonly kernels: TrainingKernels;
  readonly freezeStatistics: boolean;
}

/** Parts of the training pass that a backend may have its own of. */
export interface TrainingKernels {
  /** Batch norm over the last axis with the batch's statistics (the variance biased), differentiable in the first three. */
  batchNorm(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): NormalizedBatch;
}

/**
 * Compiles a network for training on the active tfjs backend. The caller owns the weights: every step gets them and returns gradients
 * in the same order. The loss is that of `networkOutput`, without the softmax or sigmoid at the end. Frozen layers get gradients of 0 and keep their statistics.
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
  const learned = slots.filter(({ layer, weight }) => weight.trainable && !isFrozen(layer)).map(({ variable }) => variable);
  const imageShape = model.inputs[0]!.shape.slice(1) as number[];

  const step = async (weights: readonly Float32Array[], batch: TrainingBatch): Promise<TrainingStep> => {
    const statistics = new Map<string, tf.Tensor>();
    let logits: tf.Tensor | undefined;
    const { value, grads } = tf.tidy(() => {
      slots.forEach(({ variable, weight }, i) => variable.assign(tf.tensor(weights[i]!, [...weight.shape])));
      const images = tf.tensor(batch.images, [batch.labels.length, ...imageShape]);
      const lossOf = () => {
        logits = forward(network, images, batch.seed, statistics);
        return trainingLoss(logits, batch, objective, output);
      };
      return withSeededMathRandom(batch.seed, 'training', () => tf.variableGrads(lossOf, learned));
    });
    const updates = await Promise.all(
      slots.map(async ({ layer, weight, variable }) => {
        const tensor = weight.trainable ? grads[variable.name] : (statistics.get(`${layer.name}/${weight.name}`) ?? variable);
        if (!tensor) return new Float32Array(weight.data.length);
        const values = (await tensor.data()) as Float32Array;
        // A backend in JavaScript gives its own array, which lives on as long as the tensor: that of a gradient ends here.
        return tensor === variable ? values.slice() : values;
      }),
    );
    const loss = (await value.data())[0]!;
    // A loss that is not finite says more than outputs that are not.
    const accuracy = Number.isFinite(loss) ? accuracyOf(await logits!.data(), batch.labels) : 0;
    tf.dispose([value, ...Object.values(grads), ...statistics.values(), logits!]);
    return { loss, accuracy, updates };
  };
  return { step, dispose: () => void (slots.every(({ variable }) => !variable.isDisposed) && disposeModel(model)) };
}

/** The forward pass in training mode. Batch statistics go into `statistics` as kept tensors; so do the logits that it returns. */
function forward(network: TrainingNetwork, images: tf.Tensor, seed: number, statistics: Map<string, tf.Tensor>): tf.Tensor {
  const outputs: tf.Tensor[] = [];
  network.graph.calls.forEach((call, index) => {
    if (network.graph.inputs.includes(index)) outputs.push(images);
    else outputs.push(applyLayer(network, call, call.inputs.map((input) => outputs[input]!), seed + index, statistics));
  });
  return tf.keep(outputs[network.outputCall]!);
}

function applyLayer(network: TrainingNetwork, call: LayerCall, inputs: tf.Tensor[], seed: number, statistics: Map<string, tf.Tensor>): tf.Tensor {
  const description = network.graph.layers.find(({ name }) => name === call.layer)!;
  const layer = network.layers.get(call.layer)!;
  const input = inputs[0]!;
  if (description.className === 'BatchNormalization') {
    const axis = Number(description.config['axis'] ?? -1);
    if (axis === -1 || axis === input.rank - 1) return normalize(network, call, layer, description, input, statistics);
    // Another axis changes places with the last one, and back.
    const order = input.shape.map((_, i) => (i === axis ? input.rank - 1 : i === input.rank - 1 ? axis : i));
    return tf.transpose(normalize(network, call, layer, description, tf.transpose(input, order), statistics), order);
  }
  if (description.className === 'Dropout' && !description.config['noise_shape']) return tf.dropout(input, Number(description.config['rate']), undefined, seed);
  if (isDilated(description)) return trainDilatedLayer(layer, description, input);
  return layer.apply(inputs.length === 1 ? input : inputs, { training: true }) as tf.Tensor;
}

/** Batch norm over the last axis. */
function normalize({ kernels, freezeStatistics }: TrainingNetwork, call: LayerCall, layer: Layer, description: GraphLayer, input: tf.Tensor, statistics: Map<string, tf.Tensor>): tf.Tensor {
  const read = (name: string, missing: number) => weightOf(layer, description, name) ?? tf.fill([input.shape.at(-1)!], missing);
  const epsilon = Number(description.config['epsilon'] ?? 1e-3);
  if (freezeStatistics || isFrozen(description)) {
    const scale = tf.mul(read('gamma', 1), tf.rsqrt(tf.add(read('moving_variance', 1), epsilon)));
    return tf.add(tf.mul(input, scale), tf.sub(read('beta', 0), tf.mul(read('moving_mean', 0), scale)));
  }
  const result = kernels.batchNorm(input, read('gamma', 1), read('beta', 0), epsilon);
  // A shared layer keeps the statistics of its last call.
  tf.dispose(['moving_mean', 'moving_variance'].flatMap((name) => statistics.get(`${call.layer}/${name}`) ?? []));
  statistics.set(`${call.layer}/moving_mean`, tf.keep(result.mean));
  statistics.set(`${call.layer}/moving_variance`, tf.keep(result.variance));
  return result.output;
}

function weightOf(layer: Layer, description: GraphLayer, name: string): tf.Tensor | undefined {
  const index = description.weights.findIndex((weight) => weight.name === name);
  return index < 0 ? undefined : (layer.weights[index]!.read() as tf.Tensor);
}
