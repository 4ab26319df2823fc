import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRandom, type Backend, type Dataset, type LayerGraph } from '@tersor/core';
import {
  compileFused,
  compileGradients,
  copyWeights,
  graphFromModel,
  initializeKernels,
  networkOutput,
  outputDivergence,
  weightSlots,
  withWeights,
} from '@tersor/network';
import { distill, type Distillation, type RefineOptions } from './distill.js';
import { scoresOf } from './scores.js';
import type { OptimizerState } from './optimize.js';

const options: RefineOptions = {
  steps: 40,
  images: 60,
  batchSize: 16,
  learningRate: 0.02,
  augmentation: { flip: true, shift: 0 },
};

const IMAGES = 80;
const pixels = (() => {
  const random = createRandom(1, 'images');
  return Float32Array.from({ length: IMAGES * 48 }, () => random.normal());
})();

/** Images whose labels nobody may look at. */
const dataset: Dataset = {
  id: 'unlabelled',
  imageShape: [4, 4, 3],
  classNames: ['a', 'b', 'c'],
  padValue: [0, 0, 0],
  size: () => IMAGES,
  read: async (_split, indexes) => ({
    images: Float32Array.from(indexes.flatMap((index) => [...pixels.subarray(index * 48, (index + 1) * 48)])),
    get labels(): Int32Array {
      throw new Error('Labels were looked at');
    },
  }),
};

/** A refinement needs no more of a backend than this; the rest is tested by the backend contract. */
const backend = {
  compile: (graph: LayerGraph) => compileFused(graph),
  compileTraining: compileGradients,
} as unknown as Backend;

let original: LayerGraph;
/** The original with noise on its kernels, and a kernel slice that is pruned. */
let harmed: LayerGraph;
beforeAll(async () => {
  await tf.setBackend('cpu');
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ name: 'conv', filters: 6, kernelSize: 3, inputShape: [4, 4, 3], useBias: false }),
      tfl.layers.batchNormalization({ name: 'norm' }),
      tfl.layers.reLU(),
      tfl.layers.flatten(),
      tfl.layers.dropout({ rate: 0.5 }),
      tfl.layers.dense({ name: 'scores', units: 3, activation: 'softmax' }),
    ],
  });
  original = initializeKernels(await graphFromModel(model), 3);
  model.dispose();
  const random = createRandom(2, 'noise');
  const weights = weightSlots(original).map(({ weight }) =>
    weight.name === 'kernel'
      ? weight.data.map((value) => value + 0.1 * random.normal())
      : Float32Array.from(weight.data),
  );
  for (let tap = 0; tap < 9; tap++) weights[0]![tap * 18] = 0;
  harmed = withWeights(original, weights);
});

const run = (more: Partial<Distillation> = {}) =>
  distill({ graph: harmed, original, backend, dataset, options, seed: 1, place: 'prune.refine', ...more });

const divergenceOf = async (graph: LayerGraph) => {
  const scores = (network: LayerGraph) => scoresOf(network, backend, pixels, IMAGES);
  return outputDivergence(await scores(original), await scores(graph), IMAGES, networkOutput(original));
};

it('brings the outputs back to those of the original, without a look at a label', async () => {
  const before = await divergenceOf(harmed);
  expect(before).toBeGreaterThan(0.01);
  expect(await divergenceOf(await run())).toBeLessThan(before / 4);
});

it('leaves pruned slices, statistics and frozen layers as they are', async () => {
  const frozen: LayerGraph = {
    ...harmed,
    layers: harmed.layers.map((layer) =>
      layer.name === 'scores' ? { ...layer, config: { ...layer.config, trainable: false } } : layer,
    ),
  };
  const refined = await run({ graph: frozen, options: { ...options, steps: 3 } });
  const [kernel, gamma, , mean, variance, scores] = copyWeights(refined);
  const [was, wasGamma, , wasMean, wasVariance, wasScores] = copyWeights(harmed);
  for (let tap = 0; tap < 9; tap++) expect(kernel![tap * 18]).toBe(0);
  expect([kernel, gamma]).not.toEqual([was, wasGamma]);
  expect([mean, variance, scores]).toEqual([wasMean, wasVariance, wasScores]);
});

it('moves weights by what the projected ones lose, and gives projected ones', async () => {
  // Rounded to tenths.
  const project = (weights: readonly Float32Array[]) =>
    weights.map((data, i) => (i === 0 ? data.map((value) => Math.round(10 * value) / 10) : data));
  const graph = withWeights(original, [...project(copyWeights(original))]);
  const refined = await run({ graph, pruned: original, project });
  const [kernel] = copyWeights(refined);
  expect(kernel!.some((value, at) => value !== copyWeights(graph)[0]![at])).toBe(true);
  kernel!.forEach((value) => expect(10 * value).toBeCloseTo(Math.round(10 * value), 5));
  expect(await divergenceOf(refined)).toBeLessThan(await divergenceOf(graph));
});

it('of the original itself begins with no loss, and is nowhere closer than before, so that it is undone', async () => {
  const losses: number[] = [];
  const refined = await run({
    graph: original,
    options: { ...options, steps: 2 },
    onStep: async (_done, loss) => void losses.push(loss),
  });
  expect(losses[0]).toBeLessThan(1e-6);
  expect(await divergenceOf(original)).toBe(0);
  expect(await divergenceOf(refined)).toBeGreaterThanOrEqual(0);
});

it('gives the same weights for the same seed and others for another', async () => {
  const weights = async (seed: number) => copyWeights(await run({ seed, options: { ...options, steps: 6 } }));
  expect(await weights(1)).toEqual(await weights(1));
  expect(await weights(1)).not.toEqual(await weights(2));
});

it('goes on from a checkpoint to exactly what an uninterrupted run gives', async () => {
  let saved: OptimizerState | undefined;
  const stopped = { ...options, steps: 12 };
  const stop = new Error('stopped');
  const stoppedRun = run({
    options: stopped,
    onStep: async (done, _loss, state) => {
      if (done < 7) return;
      saved = structuredClone(state);
      throw stop;
    },
  });
  await expect(stoppedRun).rejects.toBe(stop);
  const resumed = await run({ options: stopped, resume: saved });
  expect(copyWeights(resumed)).toEqual(copyWeights(await run({ options: stopped })));
});

it('keeps no tensor, and says which learning rate to lower where the loss is not finite', async () => {
  await run({ options: { ...options, steps: 1 } });
  const held = tf.memory().numTensors;
  await run({ options: { ...options, steps: 4 } });
  await expect(run({ options: { ...options, learningRate: 1e30 } })).rejects.toMatchObject({
    code: 'WEIGHTS_NOT_FINITE',
    hint: expect.stringContaining('prune.refine.learningRate') as string,
  });
  expect(tf.memory().numTensors).toBe(held);
});
