import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { Dataset, LayerGraph } from '@tersor/core';
import { inferenceBackend, plantedImages } from '../../test/planted-images.js';
import { createEvaluator } from './evaluator.js';
import { graphFromModel } from '@tersor/network';

const COUNT = 2400;
const reads: number[][] = [];
const images = plantedImages(COUNT);
const dataset: Dataset = {
  ...images,
  read: (split, indexes) => (reads.push([...indexes]), images.read(split, indexes)),
};
const backend = inferenceBackend;

describe('createEvaluator', () => {
  let identity: LayerGraph;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    const model = tfl.sequential({
      layers: [tfl.layers.flatten({ inputShape: [1, 1, 2] }), tfl.layers.dense({ units: 2, useBias: false })],
    });
    model.setWeights([tf.tensor2d([1, 0, 0, 1], [2, 2])]);
    identity = await graphFromModel(model);
  });
  beforeEach(() => reads.splice(0));

  const measure = async (memory?: number) => {
    reads.splice(0);
    const evaluator = await createEvaluator({
      backend,
      dataset,
      split: 'validation',
      ...(memory !== undefined && { memory }),
    });
    const before = reads.length;
    return {
      accuracy: [await evaluator.accuracy(identity), await evaluator.accuracy(identity)],
      before,
      during: reads.slice(before).map((indexes) => indexes[0]),
      evaluations: evaluator.evaluations,
    };
  };

  test('images are read once and the share of right answers is exact', async () => {
    expect(await measure()).toEqual({ accuracy: [0.75, 0.75], before: 3, during: [], evaluations: 2 });
  });

  test('says image by image what is right, in the order of the split, with the same share', async () => {
    const evaluator = await createEvaluator({ backend, dataset, split: 'test', memory: 0 });
    const { accuracy, right, labels } = await evaluator.answers(identity);
    expect(accuracy).toBe(await evaluator.accuracy(identity));
    expect(right).toHaveLength(COUNT);
    expect(right.reduce((sum, each) => sum + each, 0) / COUNT).toBe(accuracy);
    expect(labels).toEqual(
      (
        await dataset.read(
          'test',
          Array.from({ length: COUNT }, (_, i) => i),
        )
      ).labels,
    );
    const wrong = right.indexOf(0);
    const {
      images: pixels,
      labels: [label],
    } = await dataset.read('test', [wrong]);
    expect(pixels[0]! > pixels[1]! ? 0 : 1).not.toBe(label);
  });

  test('images that the memory has no room for are read again for every network, with the same result', async () => {
    expect(await measure(8 * 1999)).toEqual({
      accuracy: [0.75, 0.75],
      before: 1,
      during: [1000, 2000, 1000, 2000],
      evaluations: 2,
    });
    expect(await measure(0)).toEqual({
      accuracy: [0.75, 0.75],
      before: 0,
      during: [0, 1000, 2000, 0, 1000, 2000],
      evaluations: 2,
    });
  });

  test('a part of the split is spread evenly over it', async () => {
    const evaluator = await createEvaluator({ backend, dataset, split: 'test', images: 5 });
    expect([evaluator.count, ...reads]).toEqual([5, [0, 480, 960, 1440, 1920]]);
  });

  test('no more than 256 MiB of images are read at once', async () => {
    const large: Dataset = { ...dataset, imageShape: [4096, 4096, 2], size: () => 5 };
    await createEvaluator({ backend, dataset: large, split: 'test' });
    expect(reads).toEqual([[0, 1], [2, 3], [4]]);
  });

  test('for a race, networks see the same images in the same random order, chunk by chunk, and only as long as is asked for', async () => {
    const evaluator = await createEvaluator({
      backend,
      dataset,
      split: 'validation',
      racing: { images: 500, seed: 1 },
      memory: 0,
    });
    const asked: number[][] = [];
    const measure = (until: number) =>
      evaluator.measure(identity, (right, seen) => (asked.push([right, seen]), seen >= until));
    expect(await measure(COUNT)).toEqual({ accuracy: 0.75, images: COUNT });
    expect(reads.map(({ length }) => length)).toEqual([500, 500, 500, 500, 400]);
    const order = reads.flat();
    expect(order).not.toEqual([...order].sort((a, b) => a - b));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: COUNT }, (_, i) => i));
    expect(asked.map(([, seen]) => seen)).toEqual([500, 1000, 1500, 2000, 2400]);
    reads.splice(0);
    const partial = await measure(1000);
    expect(reads.flat()).toEqual(order.slice(0, 1000));
    expect(partial).toEqual({
      accuracy: order.slice(0, 1000).filter((index) => index % 4 > 0).length / 1000,
      images: 1000,
    });
    expect(asked.at(-1)).toEqual([partial.accuracy * 1000, 1000]);
    expect(evaluator.evaluations).toBe(2);
  });

  test('an empty split is refused', async () => {
    await expect(
      createEvaluator({ backend, dataset: { ...dataset, size: () => 0 }, split: 'validation' }),
    ).rejects.toMatchObject({ code: 'DATASET_INVALID' });
  });

  describe('a network whose outputs are not finite', () => {
    /** A batch norm whose variance is below -epsilon gives NaN; what comes before it is finite. */
    const broken = async (variance: number, gamma = 1): Promise<LayerGraph> => {
      const { layers } = tfl;
      const model = tfl.sequential({
        name: 'broken',
        layers: [
          layers.flatten({ inputShape: [1, 1, 2], name: 'flat' }),
          layers.dense({ units: 3, name: 'first' }),
          layers.batchNormalization({ name: 'norm' }),
          layers.dense({ units: 2, name: 'last' }),
        ],
      });
      const ones = tf.ones([3]);
      model
        .getLayer('norm')
        .setWeights([tf.fill([3], gamma), tf.zeros([3]), tf.zeros([3]), tf.mul(ones, variance)]);
      return graphFromModel(model);
    };

    test.each([
      ['NaN', -1, 1, /gives NaN/],
      ['infinite', 1, 3e38, /gives (-?Infinity|NaN)/],
    ])('is refused, with the first layer that gives one: %s', async (_, variance, gamma, message) => {
      const evaluator = await createEvaluator({ backend, dataset, split: 'validation' });
      const before = tf.memory().numTensors;
      const graph = await broken(variance, gamma);
      const kept = tf.memory().numTensors;
      await expect(evaluator.accuracy(graph)).rejects.toMatchObject({
        code: 'OUTPUTS_NOT_FINITE',
        message: expect.stringMatching(message),
      });
      await expect(evaluator.accuracy(graph)).rejects.toThrow(
        /The first layer whose output is not finite is "norm" \(BatchNormalization\)/,
      );
      expect(tf.memory().numTensors).toBe(kept);
      expect(before).toBeGreaterThan(0);
    });

    test('is no reason to end a search: a candidate counts as right on no image, and the user is told', async () => {
      const notices: string[] = [];
      const evaluator = await createEvaluator({
        backend,
        dataset,
        split: 'validation',
        onNotFinite: (text) => notices.push(text),
      });
      expect(await evaluator.accuracy(await broken(-1))).toBe(0);
      expect(await evaluator.accuracy(identity)).toBe(0.75);
      expect(notices).toEqual([expect.stringContaining('"norm"')]);
    });
  });
});
