import * as tf from '@tensorflow/tfjs-core';
import { trainingLoss } from '@tersor/network';
import { TersorError, createRandom, type Dataset, type LayerGraph, type PrepareProgress } from '@tersor/core';
import { logNormalKl } from './kl-divergence.js';
import {
  capture,
  createOptimizers,
  restore,
  type LearningRates,
  type NoiseTrainingState,
} from './noise-training-state.js';
import {
  dropoutAlpha,
  logAlpha,
  noisyNetwork,
  type NoiseForm,
  type NoisyLayer,
  type NoisyNetwork,
} from './noisy-network.js';

/** Settings of the training that finds out how much noise each slice bears. */
export interface NoiseTrainingOptions extends LearningRates {
  readonly noise: NoiseForm;
  /** Training images, drawn once. */
  readonly images: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Weight of the KL term after the warm-up. */
  readonly klWeight: number;
  /** Share of the steps during which the KL weight rises linearly from 0. */
  readonly warmUp: number;
}

/** What the training found about one layer. */
export interface LayerInformation {
  /** Information of each 2-D slice, in nats, at index `c_in * outputs + c_out`. */
  readonly slices: Float64Array;
  /** Mean of each input channel over images and positions. */
  readonly inputMeans: Float64Array;
  /** Groups of channels, where a group of outputs reads one of inputs: `c_in` is counted within them. */
  readonly groups?: number;
}

/**
 * Trains noise into a network: cross entropy + klWeight * KL / N for weights, cross entropy + klWeight * KL
 * per image for activations. Where the loss does not mind, the KL term lets the noise grow. The graph itself
 * is not changed. Throws `DATASET_INVALID` without training images, and `WEIGHTS_NOT_FINITE` when the
 * training diverges.
 */
export async function trainNoise(
  graph: LayerGraph,
  dataset: Dataset,
  seed: number,
  options: NoiseTrainingOptions,
  progress?: PrepareProgress,
): Promise<Map<string, LayerInformation>> {
  const chosen = createRandom(seed, 'variational')
    .permutation(dataset.size('train'))
    .slice(0, options.images);
  if (chosen.length === 0)
    throw new TersorError('DATASET_INVALID', `Data set "${dataset.id}" has no training images.`, {
      hint: 'The variational pruner trains on some.',
    });
  const network = await noisyNetwork(graph, options.noise);
  const optimizers = createOptimizers(options);
  const stepsPerEpoch = Math.ceil(chosen.length / options.batchSize);
  const total = options.epochs * stepsPerEpoch;
  let state = progress?.saved as NoiseTrainingState | undefined;
  try {
    for (let epoch = state?.epochsDone ?? 0; epoch < options.epochs; epoch++) {
      // Uninterrupted trainings do it too: Adam's powers of beta are rounded anew when they are restored, and
      // a resumed training must not differ.
      if (state) await restore(state, network, optimizers, options);
      // A stream of its own per epoch, so that a resumed training draws what an uninterrupted one would have
      // drawn.
      const random = createRandom(seed, `variational/${epoch}`);
      const order = random.permutation(chosen.length).map((i) => chosen[i]!);
      for (let at = 0; at < stepsPerEpoch; at++) {
        const step = epoch * stepsPerEpoch + at;
        progress?.report?.(step, total);
        const batch = await dataset.read(
          'train',
          order.slice(at * options.batchSize, (at + 1) * options.batchSize),
        );
        const klWeight = options.klWeight * Math.min(1, (step + 1) / Math.max(1, options.warmUp * total));
        const loss = trainStep(network, { ...batch, seed: random.integer(2 ** 30) }, dataset.imageShape, {
          scale: options.noise === 'activations' ? klWeight : klWeight / chosen.length,
          apply: (grads) => {
            optimizers.noise.applyGradients(
              pick(
                grads,
                network.layers.flatMap((layer) => layer.noise),
              ),
            );
            optimizers.weights.applyGradients(
              pick(
                grads,
                network.layers.map(({ kernel }) => kernel),
              ),
            );
          },
        });
        if (!Number.isFinite(loss)) {
          throw new TersorError(
            'WEIGHTS_NOT_FINITE',
            `The loss of the variational pruner became ${loss} at step ${step + 1} of ${total}.`,
            {
              hint: `Lower its noiseLearningRate (${options.noiseLearningRate}) or weightLearningRate (${options.weightLearningRate}).`,
            },
          );
        }
      }
      state = await capture(epoch + 1, network, optimizers);
      await progress?.save(state);
    }
    if (state) await restore(state, network, optimizers, options);
    return await measure(network, graph, dataset, chosen, options);
  } finally {
    optimizers.noise.dispose();
    optimizers.weights.dispose();
    network.dispose();
  }
}

interface Step {
  readonly scale: number;
  readonly apply: (grads: tf.NamedTensorMap) => void;
}

function trainStep(
  network: NoisyNetwork,
  batch: { images: Float32Array; labels: Int32Array; seed: number },
  imageShape: readonly number[],
  { scale, apply }: Step,
): number {
  return tf.tidy(() => {
    const images = tf.tensor(batch.images, [batch.labels.length, ...imageShape]);
    const variables = network.layers.flatMap(({ kernel, noise }) => [kernel, ...noise]);
    const { value, grads } = tf.variableGrads(() => {
      const { logits, kl } = network.run(images, batch.seed);
      return tf.add(
        trainingLoss(logits, batch, { labelSmoothing: 0, distill: 0, temperature: 1 }, network.scores),
        tf.mul(kl, scale),
      ) as tf.Scalar;
    }, variables);
    apply(grads);
    return value.dataSync()[0]!;
  });
}

function pick(
  grads: tf.NamedTensorMap,
  variables: readonly tf.Variable[],
): { name: string; tensor: tf.Tensor }[] {
  return variables.flatMap(({ name }) => (grads[name] ? [{ name, tensor: grads[name] }] : []));
}

/** One pass without training: input means, and for activations the mean KL of each input channel. */
async function measure(
  network: NoisyNetwork,
  graph: LayerGraph,
  dataset: Dataset,
  chosen: readonly number[],
  options: NoiseTrainingOptions,
): Promise<Map<string, LayerInformation>> {
  const sums = new Map(
    network.layers.map(({ layer }) => [
      layer.name,
      { means: new Float64Array(layer.inputs), kl: new Float64Array(layer.inputs), batches: 0 },
    ]),
  );
  for (let from = 0; from < chosen.length; from += options.batchSize) {
    const { images, labels } = await dataset.read('train', chosen.slice(from, from + options.batchSize));
    tf.tidy(() => {
      network.run(tf.tensor(images, [labels.length, ...dataset.imageShape]), from, (noisy, input) => {
        const sum = sums.get(noisy.layer.name)!;
        sum.batches++;
        addMeans(sum.means, input);
        if (options.noise === 'activations') addMeans(sum.kl, logNormalKl(dropoutAlpha(noisy, input)));
      });
    });
  }
  const information = new Map<string, LayerInformation>();
  for (const noisy of network.layers) {
    const { means, kl, batches } = sums.get(noisy.layer.name)!;
    const perBatch = (values: Float64Array) => values.map((value) => value / Math.max(1, batches));
    const slices =
      options.noise === 'activations'
        ? activationInformation(noisy, graph, perBatch(kl))
        : weightInformation(noisy, options.noise);
    information.set(noisy.layer.name, { slices, inputMeans: perBatch(means) });
  }
  return information;
}

function addMeans(sums: Float64Array, values: tf.Tensor): void {
  const means = tf.mean(tf.reshape(values, [-1, sums.length]), 0).dataSync();
  for (let i = 0; i < sums.length; i++) sums[i] = sums[i]! + means[i]!;
}

/** Capacity of the noisy weights of a slice: sum of `0.5 log(1 + 1 / alpha)` over its elements. */
function weightInformation(noisy: NoisyLayer, form: 'slices' | 'elements'): Float64Array {
  const { inputs, outputs, taps } = noisy.layer;
  const values = tf.tidy(() => tf.mul(0.5, tf.softplus(tf.neg(logAlpha(noisy, form)))).dataSync());
  const slices = new Float64Array(inputs * outputs);
  values.forEach(
    (value, i) =>
      (slices[i % slices.length] = slices[i % slices.length]! + value * (form === 'slices' ? taps : 1)),
  );
  return slices;
}

/** Information of the input channel, shared out over its slices by their squared norm. */
function activationInformation(
  { layer }: NoisyLayer,
  graph: LayerGraph,
  channelKl: Float64Array,
): Float64Array {
  const { inputs, outputs } = layer;
  const kernel = graph.layers
    .find(({ name }) => name === layer.name)!
    .weights.find(({ name }) => name === 'kernel')!.data;
  const squares = new Float64Array(inputs * outputs);
  kernel.forEach((value, i) => (squares[i % squares.length] = squares[i % squares.length]! + value * value));
  const largest = squares.reduce((best, value) => Math.max(best, value), 0) || 1;
  return squares.map(
    (square, slice) => channelKl[Math.floor(slice / outputs)]! * Math.sqrt(square / largest),
  );
}
