import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRandom, type Backend, type Dataset, type LayerGraph } from '@tersor/core';
import {
  compileGradients,
  copyWeights,
  withWeights,
  initializeKernels,
  graphFromModel,
} from '@tersor/network';
import { augment } from './augment.js';
import { learningRateAt } from './schedule.js';
import { sgdStep } from './sgd.js';
import { train, type TrainOptions, type TrainState } from './train.js';

const options: TrainOptions = {
  epochs: 6,
  learningRate: 0.1,
  schedule: 'cosine',
  batchSize: 16,
  momentum: 0.9,
  weightDecay: 1e-4,
  labelSmoothing: 0,
  distill: 0,
  temperature: 4,
  augmentation: { flip: true, shift: 1 },
};

/** 3x3 images that are brighter in one of two channels: the class. */
const dataset: Dataset = {
  id: 'planted',
  imageShape: [3, 3, 2],
  classNames: ['first', 'second'],
  padValue: [0, 0],
  size: () => 96,
  read: async (_split, indexes) => {
    const images = new Float32Array(indexes.length * 18);
    indexes.forEach((index, n) => {
      const random = createRandom(index, 'image');
      for (let i = 0; i < 18; i++) images[n * 18 + i] = random.normal() * 0.5 + (i % 2 === index % 2 ? 1 : 0);
    });
    return { images, labels: Int32Array.from(indexes, (index) => index % 2) };
  },
};

/** Training needs no more of a backend than this; the rest is tested by the backend contract. */
const backend = { compileTraining: compileGradients } as unknown as Backend;

describe('train', () => {
  let graph: LayerGraph;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    const model = tfl.sequential({
      layers: [
        tfl.layers.conv2d({
          filters: 4,
          kernelSize: 3,
          padding: 'same',
          inputShape: [3, 3, 2],
          useBias: false,
        }),
        tfl.layers.batchNormalization({ momentum: 0.8 }),
        tfl.layers.activation({ activation: 'relu' }),
        tfl.layers.globalAveragePooling2d({}),
        tfl.layers.dense({ units: 2, activation: 'softmax' }),
      ],
    });
    graph = initializeKernels(await graphFromModel(model), 3);
    model.dispose();
  });

  it('learns a planted problem', async () => {
    const { history } = await train({ graph, backend, dataset, options, seed: 1 });
    expect(history[0]!.loss).toBeGreaterThan(history.at(-1)!.loss * 1.5);
    expect(history.at(-1)!.accuracy).toBeGreaterThan(0.9);
  });

  it('gives the same weights for the same seed and others for another', async () => {
    const run = async (seed: number) =>
      copyWeights((await train({ graph, backend, dataset, options: { ...options, epochs: 2 }, seed })).graph);
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  it('goes on from a checkpoint to exactly what an uninterrupted run gives', async () => {
    let saved: TrainState | undefined;
    const whole = await train({
      graph,
      backend,
      dataset,
      options,
      seed: 1,
      onEpoch: (record, state) => void (record.epoch === 3 && (saved = structuredClone(state))),
    });
    const resumed = await train({ graph, backend, dataset, options, seed: 1, resume: saved! });
    expect(copyWeights(resumed.graph)).toEqual(copyWeights(whole.graph));
    expect(resumed.history).toHaveLength(6);
  });

  it('keeps zeros zero when asked', async () => {
    const weights = copyWeights(graph);
    weights[0]!.fill(0, 0, 20);
    const { graph: trained } = await train({
      graph: withWeights(graph, weights),
      backend,
      dataset,
      options: { ...options, epochs: 1 },
      seed: 1,
      keepZeros: true,
    });
    const kernel = trained.layers[1]!.weights[0]!.data;
    expect(kernel.subarray(0, 20).every((value) => value === 0)).toBe(true);
    expect(kernel.subarray(20).some((value) => value !== weights[0]![20])).toBe(true);
  });

  it('makes the scales of batch norm smaller by their penalty', async () => {
    const one = { ...options, epochs: 1 };
    const scales = async (scalePenalty: number) =>
      (await train({ graph, backend, dataset, options: { ...one, scalePenalty }, seed: 1 })).graph.layers[2]!
        .weights[0]!;
    const [free, shrunk] = [await scales(0), await scales(0.05)];
    expect(shrunk.name).toBe('gamma');
    shrunk.data.forEach((value, channel) => expect(value).toBeLessThan(free.data[channel]!));
  });

  it('runs the forward pass at projected weights and updates the master weights', async () => {
    const seen: number[] = [];
    const spy = {
      compileTraining: async (...args: Parameters<typeof compileGradients>) => {
        const session = await compileGradients(...args);
        return {
          ...session,
          step: (weights: readonly Float32Array[], batch: Parameters<typeof session.step>[1]) => (
            seen.push(weights[0]![0]!),
            session.step(weights, batch)
          ),
        };
      },
    } as unknown as Backend;
    const project = (master: readonly Float32Array[]) =>
      master.map((data) => data.map((value) => Math.round(value * 4) / 4));
    const { graph: trained } = await train({
      graph,
      backend: spy,
      dataset,
      options: { ...options, epochs: 1 },
      seed: 1,
      project,
    });
    expect(seen.every((value) => Number.isInteger(value * 4))).toBe(true);
    expect(Number.isInteger(trained.layers[1]!.weights[0]!.data[0]! * 4)).toBe(false);
  });

  it('stops with a hint when the loss diverges', async () => {
    const weights = copyWeights(graph);
    weights[0]!.fill(NaN);
    await expect(
      train({ graph: withWeights(graph, weights), backend, dataset, options, seed: 1 }),
    ).rejects.toMatchObject({ code: 'WEIGHTS_NOT_FINITE', hint: expect.stringContaining('learning rate') });
  });

  it('refuses a data set without training images', async () => {
    await expect(
      train({ graph, backend, dataset: { ...dataset, size: () => 0 }, options, seed: 1 }),
    ).rejects.toMatchObject({ code: 'DATASET_INVALID' });
  });
});

describe('sgdStep', () => {
  it('takes Nesterov steps worked out by hand', () => {
    const [weights, velocity] = [Float32Array.of(1), Float32Array.of(0)];
    sgdStep(weights, velocity, Float32Array.of(1), 0.1, { momentum: 0.5, weightDecay: 0 });
    // v = 1, step = 0.1 * (1 + 0.5 * 1)
    expect(weights[0]).toBeCloseTo(0.85, 6);
    sgdStep(weights, velocity, Float32Array.of(1), 0.1, { momentum: 0.5, weightDecay: 0 });
    // v = 1.5, step = 0.1 * (1 + 0.75)
    expect(weights[0]).toBeCloseTo(0.675, 6);
  });

  it('adds the decay to the gradient', () => {
    const weights = Float32Array.of(2);
    sgdStep(weights, Float32Array.of(0), Float32Array.of(0), 1, { momentum: 0, weightDecay: 0.25 });
    expect(weights[0]).toBe(1.5);
  });

  it('shrinks towards zero from both sides by the L1 penalty', () => {
    const weights = Float32Array.of(2, -2, 0);
    sgdStep(weights, new Float32Array(3), new Float32Array(3), 1, {
      momentum: 0,
      weightDecay: 0,
      shrink: 0.25,
    });
    expect([...weights]).toEqual([1.75, -1.75, 0]);
  });
});

describe('learningRateAt', () => {
  it('follows half a cosine from the peak to zero', () => {
    expect(learningRateAt('cosine', 2, 0)).toBe(2);
    expect(learningRateAt('cosine', 2, 0.5)).toBeCloseTo(1);
    expect(learningRateAt('cosine', 2, 1)).toBeCloseTo(0);
  });

  it('warms up over the first fifth of one cycle', () => {
    expect(learningRateAt('one-cycle', 1, 0)).toBeCloseTo(0.1);
    expect(learningRateAt('one-cycle', 1, 0.1)).toBeCloseTo(0.55);
    expect(learningRateAt('one-cycle', 1, 0.2)).toBeCloseTo(1);
    expect(learningRateAt('one-cycle', 1, 1)).toBeCloseTo(0);
  });
});

describe('augment', () => {
  const image = Float32Array.of(1, 2, 3, 4);
  const shape = [2, 2, 1] as const;

  it('mirrors left to right', () => {
    expect([...augment(image, shape, [0], { flip: true, shift: 0 }, () => 0)]).toEqual([2, 1, 4, 3]);
  });

  it('shifts and fills with the pad value', () => {
    // A draw of 0.9 shifts by +1 both down and right.
    expect([...augment(image, shape, [9], { flip: false, shift: 1 }, () => 0.9)]).toEqual([9, 9, 9, 1]);
  });

  it('blanks a square with the pad value, cut off at the border', () => {
    const white = new Float32Array(2 * 4 * 4).fill(1);
    const draws = [0, 0, 0.5, 0.75];
    const cut = augment(white, [4, 4, 1], [9], { flip: false, shift: 0, cutout: 2 }, () => draws.shift()!);
    expect([...cut]).toEqual([
      ...[9, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      ...[1, 1, 1, 1, 1, 1, 9, 9, 1, 1, 9, 9, 1, 1, 1, 1],
    ]);
    expect(white).toEqual(new Float32Array(32).fill(1));
  });

  it('leaves images as they are when nothing is asked for', () => {
    expect([...augment(image, shape, [0], { flip: false, shift: 0 }, () => 0.3)]).toEqual([1, 2, 3, 4]);
  });
});
