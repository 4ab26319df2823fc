// One noise a channel, after the variational information bottleneck (Dai et al., ICML 2018): what a layer
// reads is multiplied with 1 + sqrt(alpha) eps, eps drawn once for each image and channel; the loss is the
// cross entropy and `klWeight` times the sum of 0.5 log(1 + 1 / alpha), what the channels say in nats.
import * as tf from '@tensorflow/tfjs-core';
import { createRandom, type ChannelGroup, type Dataset, type LayerGraph } from '@tersor/core';
import { disposeModel, modelFromGraph, networkOutput, trainingLoss } from '@tersor/network';
import { findNoiseLayers } from '../../plugins/pruner-variational/src/noise-layers.js';

/** Settings of the training; those of the variational pruner where it has them. */
export const NOISE = {
  epochs: 6,
  batchSize: 50,
  noiseLearningRate: 0.1,
  weightLearningRate: 1e-4,
  warmUp: 0.3,
};
const FIRST_LOG_ALPHA = -6;
const LOG_ALPHA_LIMIT = 8;
const LOSS = { labelSmoothing: 0, distill: 0, temperature: 1 };

/** Nats of every input channel, by layer. */
export type ChannelInformation = ReadonlyMap<string, Float32Array>;

/** Trains noise and kernels on all training images. The graph is not changed. */
export async function channelInformation(
  graph: LayerGraph,
  dataset: Dataset,
  seed: number,
  klWeight: number,
): Promise<ChannelInformation> {
  const scores = networkOutput(graph);
  const { calls, inputs, outputs } = scores.graph;
  const model = await modelFromGraph(scores.graph);
  const noisy = new Map(
    findNoiseLayers(scores.graph).map(({ name, inputs: channels }) => [
      name,
      {
        kernel: model.getLayer(name).weights[0]!.read() as tf.Variable,
        logAlpha: tf.variable(tf.fill([channels], FIRST_LOG_ALPHA)),
      },
    ]),
  );
  const bounded = (logAlpha: tf.Tensor) => tf.clipByValue(logAlpha, -LOG_ALPHA_LIMIT, LOG_ALPHA_LIMIT);
  const nats = (logAlpha: tf.Tensor) => tf.mul(0.5, tf.softplus(tf.neg(bounded(logAlpha))));
  const logits = (images: tf.Tensor, drawn: number): tf.Tensor => {
    const results: tf.Tensor[] = [];
    calls.forEach((call, index) => {
      if (inputs.includes(index)) return void results.push(images);
      const given = call.inputs.map((input) => results[input]!);
      const noise = noisy.get(call.layer);
      if (noise) {
        const [batch, ...places] = given[0]!.shape;
        const shape = [batch!, ...places.slice(0, -1).map(() => 1), places.at(-1)!];
        const spread = tf.exp(tf.mul(0.5, bounded(noise.logAlpha)));
        const drawnNoise = tf.randomNormal(shape, 0, 1, 'float32', drawn + index);
        given[0] = tf.mul(given[0]!, tf.add(1, tf.mul(spread, drawnNoise)));
      }
      results.push(model.getLayer(call.layer).apply(given.length === 1 ? given[0]! : given) as tf.Tensor);
    });
    return results[outputs[0]!]!;
  };
  const all = [...noisy.values()];
  const optimizers = {
    noise: tf.train.adam(NOISE.noiseLearningRate),
    weights: tf.train.adam(NOISE.weightLearningRate),
  };
  const steps = Math.ceil(dataset.size('train') / NOISE.batchSize);
  for (let epoch = 0; epoch < NOISE.epochs; epoch++) {
    const random = createRandom(seed, `channel-noise/${epoch}`);
    const order = random.permutation(dataset.size('train'));
    for (let at = 0; at < steps; at++) {
      const batch = await dataset.read(
        'train',
        order.slice(at * NOISE.batchSize, (at + 1) * NOISE.batchSize),
      );
      const drawn = random.integer(2 ** 30);
      const weight = klWeight * Math.min(1, (epoch * steps + at + 1) / (NOISE.warmUp * NOISE.epochs * steps));
      tf.tidy(() => {
        const images = tf.tensor(batch.images, [batch.labels.length, ...dataset.imageShape]);
        const { grads } = tf.variableGrads(
          () => {
            const loss = trainingLoss(logits(images, drawn), { ...batch, seed: drawn }, LOSS, scores);
            const said = tf.addN(all.map(({ logAlpha }) => tf.sum(nats(logAlpha))));
            return tf.add(loss, tf.mul(weight, said)) as tf.Scalar;
          },
          all.flatMap(({ kernel, logAlpha }) => [kernel, logAlpha]),
        );
        const of = (variables: readonly tf.Variable[]) =>
          variables.flatMap(({ name }) => (grads[name] ? [{ name, tensor: grads[name] }] : []));
        optimizers.noise.applyGradients(of(all.map(({ logAlpha }) => logAlpha)));
        optimizers.weights.applyGradients(of(all.map(({ kernel }) => kernel)));
      });
    }
  }
  const found = new Map(
    [...noisy].map(([name, { logAlpha }]) => [
      name,
      tf.tidy(() => nats(logAlpha).dataSync() as Float32Array),
    ]),
  );
  optimizers.noise.dispose();
  optimizers.weights.dispose();
  tf.dispose(all.map(({ logAlpha }) => logAlpha));
  disposeModel(model);
  return found;
}

/** What each channel of a group tells the layers that read it. */
export function saidBy({ members, channels }: ChannelGroup, information: ChannelInformation): number[] {
  const said = Array<number>(channels).fill(0);
  for (const { layer, role, indexes } of members) {
    const known = role === 'consumes' ? information.get(layer) : undefined;
    if (known)
      indexes.forEach((owned, channel) => (said[channel]! += owned.reduce((sum, i) => sum + known[i]!, 0)));
  }
  return said;
}
