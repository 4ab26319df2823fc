import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRandom, type LayerGraph, type TrainingBatch, type TrainingObjective } from '@tersor/core';
import { batchNormTraining } from './batch-norm-training.js';
import { compileGradients } from './gradient-session.js';
import { copyWeights, weightSlots } from '../graph/graph-weights.js';
import { initializeKernels } from '../graph/initialize-kernels.js';
import { graphFromModel } from '../graph/model-graph.js';

const { layers } = tfl;
const plain: TrainingObjective = { labelSmoothing: 0, distill: 0, temperature: 4 };
const random = createRandom(5);

function batchOf(count: number, size: number, classes: number): TrainingBatch {
  return {
    images: Float32Array.from({ length: count * size }, () => random.normal()),
    labels: Int32Array.from({ length: count }, (_, i) => i % classes),
    teacher: Float32Array.from({ length: count * classes }, () => random.normal()),
    seed: 1,
  };
}

/**
 * Convolution, depthwise, batch norm with and without scale, dense; smooth, since finite differences are
 * wrong at the kink of a ReLU.
 */
async function smallNetwork(): Promise<LayerGraph> {
  const model = tfl.sequential({
    layers: [
      layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', inputShape: [4, 4, 2], useBias: false }),
      layers.batchNormalization(),
      layers.activation({ activation: 'tanh' }),
      layers.depthwiseConv2d({ kernelSize: 2, padding: 'valid' }),
      layers.batchNormalization({ scale: false }),
      layers.flatten(),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
  const graph = initializeKernels(await graphFromModel(model), 2);
  model.dispose();
  return graph;
}

describe('compileGradients', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it.each([
    ['cross entropy', plain],
    ['label smoothing', { ...plain, labelSmoothing: 0.2 }],
    ['distillation', { labelSmoothing: 0, distill: 0.6, temperature: 3 }],
  ])('gives gradients of the loss that finite differences confirm: %s', async (_name, objective) => {
    const graph = await smallNetwork();
    const session = await compileGradients(graph, objective);
    const batch = batchOf(6, 32, 3);
    const weights = copyWeights(graph);
    const { updates } = await session.step(weights, batch);
    const lossWith = async (slot: number, at: number, change: number) => {
      const moved = weights.map((data) => Float32Array.from(data));
      moved[slot]![at] = moved[slot]![at]! + change;
      return (await session.step(moved, batch)).loss;
    };
    const h = 5e-3;
    for (const [slot, { weight }] of weightSlots(graph).entries()) {
      if (!weight.trainable) continue;
      const at = weight.data.length - 1;
      const numeric = ((await lossWith(slot, at, h)) - (await lossWith(slot, at, -h))) / (2 * h);
      expect(Math.abs(updates[slot]![at]! - numeric)).toBeLessThan(2e-3 + 0.02 * Math.abs(numeric));
    }
    session.dispose();
  });

  it("gives the batch's own mean and variance instead of moving statistics", async () => {
    const model = tfl.sequential({
      layers: [layers.batchNormalization({ inputShape: [1] }), layers.dense({ units: 2 })],
    });
    const graph = await graphFromModel(model);
    const session = await compileGradients(graph, plain);
    const { updates } = await session.step(copyWeights(graph), {
      images: Float32Array.of(1, 3),
      labels: Int32Array.of(0, 1),
      seed: 1,
    });
    expect([...updates[2]!, ...updates[3]!]).toEqual([2, 1]);
    session.dispose();
  });

  it('holds no more tensors after ten steps than after one, and none when disposed', async () => {
    const graph = await smallNetwork();
    const before = tf.memory().numTensors;
    const session = await compileGradients(graph, { ...plain, distill: 0.5 });
    const counts: number[] = [];
    for (let i = 0; i < 10; i++) {
      await session.step(copyWeights(graph), batchOf(4, 32, 3));
      counts.push(tf.memory().numTensors);
    }
    expect(new Set(counts).size).toBe(1);
    session.dispose();
    session.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('frees the weights of a layer that is called twice', async () => {
    const input = tfl.input({ shape: [3] });
    const shared = layers.dense({ units: 3 });
    const model = tfl.model({
      inputs: input,
      outputs: layers.dense({ units: 2 }).apply(shared.apply(shared.apply(input))) as tfl.SymbolicTensor,
    });
    const graph = await graphFromModel(model);
    const before = tf.memory().numTensors;
    const session = await compileGradients(graph, plain);
    await session.step(copyWeights(graph), batchOf(4, 3, 2));
    session.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('drops out by the seed of the batch', async () => {
    const model = tfl.sequential({
      layers: [
        layers.dropout({ rate: 0.5, inputShape: [8] }),
        layers.dense({ units: 2, kernelInitializer: 'ones' }),
      ],
    });
    const graph = await graphFromModel(model);
    const session = await compileGradients(graph, plain);
    const batch = batchOf(4, 8, 2);
    const gradient = async (seed: number) =>
      (await session.step(copyWeights(graph), { ...batch, seed })).updates[0];
    expect(await gradient(1)).toEqual(await gradient(1));
    expect(await gradient(1)).not.toEqual(await gradient(50));
    session.dispose();
  });

  type Shape = number[];
  const recurrent = {
    units: 4,
    dropout: 0.5,
    recurrentDropout: 0.5,
    returnSequences: true,
    recurrentInitializer: 'glorotNormal',
  } as const;
  const gru = { ...recurrent, recurrentActivation: 'sigmoid' } as const;
  it.each<[string, (inputShape: Shape) => tfl.layers.Layer, Shape]>([
    ['GaussianNoise', (inputShape) => layers.gaussianNoise({ stddev: 1, inputShape }), [4, 2]],
    ['GaussianDropout', (inputShape) => layers.gaussianDropout({ rate: 0.5, inputShape }), [4, 2]],
    ['AlphaDropout', (inputShape) => layers.alphaDropout({ rate: 0.5, inputShape }), [4, 2]],
    ['SpatialDropout1D', (inputShape) => layers.spatialDropout1d({ rate: 0.5, inputShape }), [4, 2]],
    [
      'Dropout with a noise shape',
      (inputShape) => layers.dropout({ rate: 0.5, noiseShape: [4, 1, 2], inputShape }),
      [4, 2],
    ],
    ['SimpleRNN with dropouts', (inputShape) => layers.simpleRNN({ ...recurrent, inputShape }), [4, 2]],
    ['LSTM with dropouts', (inputShape) => layers.lstm({ ...recurrent, inputShape }), [4, 2]],
    ['GRU with dropouts', (inputShape) => layers.gru({ ...gru, inputShape }), [4, 2]],
  ])('is random by the seed of the batch alone: %s', async (_, layer, shape) => {
    const graph = await graphFromModel(
      tfl.sequential({ layers: [layer(shape), layers.flatten(), layers.dense({ units: 2 })] }),
    );
    const session = await compileGradients(graph, plain);
    const batch = batchOf(4, 8, 2);
    const mathRandom = Math.random;
    const gradient = async (seed: number) =>
      (await session.step(copyWeights(graph), { ...batch, seed })).updates.at(-2);
    const first = await gradient(1);
    expect(await gradient(2)).not.toEqual(first);
    expect(await gradient(1)).toEqual(first);
    expect(Math.random).toBe(mathRandom);
    session.dispose();
  });

  it('keeps the channels of a noise shape together', async () => {
    const dropout = layers.dropout({ rate: 0.5, noiseShape: [1, 1, 2], inputShape: [4, 2] });
    const graph = await graphFromModel(
      tfl.sequential({ layers: [dropout, layers.flatten(), layers.dense({ units: 2, useBias: false })] }),
    );
    const session = await compileGradients(graph, plain);
    const images = new Float32Array(8).fill(1);
    const [kernel] = (await session.step(copyWeights(graph), { images, labels: Int32Array.of(0), seed: 3 }))
      .updates;
    const kept = Array.from({ length: 8 }, (_, i) => kernel![2 * i] !== 0);
    expect(kept).toEqual(Array.from({ length: 8 }, (_, i) => kept[i % 2]));
    session.dispose();
  });
});

describe('batchNormTraining', () => {
  it("agrees with tfjs's own composition, values and gradients", async () => {
    await tf.setBackend('cpu');
    const x = tf.randomNormal([3, 2, 2, 4], 1, 2, 'float32', 1);
    const gamma = tf.randomNormal([4], 1, 1, 'float32', 2);
    const beta = tf.randomNormal([4], 0, 1, 'float32', 3);
    const weighting = tf.randomNormal(x.shape, 0, 1, 'float32', 4);
    const ours = tf.valueAndGrads(
      (a: tf.Tensor, g: tf.Tensor, b: tf.Tensor) =>
        tf.sum(tf.mul(batchNormTraining(a, g, b, 1e-3).output, weighting)) as tf.Scalar,
    );
    const stock = tf.valueAndGrads((a: tf.Tensor, g: tf.Tensor, b: tf.Tensor) => {
      const { mean, variance } = tf.moments(a, [0, 1, 2]);
      return tf.sum(
        tf.mul(
          tf.batchNorm(
            a,
            mean as tf.Tensor1D,
            variance as tf.Tensor1D,
            b as tf.Tensor1D,
            g as tf.Tensor1D,
            1e-3,
          ),
          weighting,
        ),
      ) as tf.Scalar;
    });
    const [a, b] = [ours([x, gamma, beta]), stock([x, gamma, beta])];
    expect(a.value.dataSync()[0]).toBeCloseTo(b.value.dataSync()[0]!, 4);
    a.grads.forEach((gradient, i) =>
      gradient.dataSync().forEach((value, k) => expect(value).toBeCloseTo(b.grads[i]!.dataSync()[k]!, 4)),
    );
  });
});
