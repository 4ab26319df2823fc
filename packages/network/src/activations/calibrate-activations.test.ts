import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRandom, type Dataset, type LayerGraph } from '@tersor/core';
import { graphFromModel } from '../graph/model-graph.js';
import { observeStock } from '../moments/observe-stock.js';
import { calibrateActivations, type CalibrationInput } from './calibrate-activations.js';

const { layers } = tfl;
const COUNT = 100;
const random = createRandom(1);
/** 4x4 images of one channel: normal numbers, and in one image one number far outside. */
const pixels = Float32Array.from({ length: COUNT * 16 }, () => random.normal());
pixels[37 * 16] = 10;

const dataset: Dataset = {
  id: 'normal',
  imageShape: [4, 4, 1],
  classNames: ['one', 'two'],
  padValue: [0],
  size: (split) => (split === 'train' ? COUNT : 10),
  read: async (split, indexes) => {
    if (split !== 'train') throw new Error(`calibration read the ${split} images`);
    return {
      images: Float32Array.from(
        indexes.flatMap((index) => [...pixels.subarray(index * 16, index * 16 + 16)]),
      ),
      labels: new Int32Array(indexes.length),
    };
  },
};

describe('calibrateActivations', () => {
  let input: CalibrationInput;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    const image = tfl.input({ shape: [4, 4, 1] });
    const twice = layers.conv2d({
      name: 'twice',
      filters: 1,
      kernelSize: 1,
      useBias: false,
      kernelInitializer: 'ones',
    });
    const half = layers.conv2d({ name: 'half', filters: 1, kernelSize: 1, useBias: false });
    const again = twice.apply(half.apply(layers.reLU().apply(twice.apply(image))));
    const model = tfl.model({
      inputs: image,
      outputs: layers
        .dense({ name: 'scores', units: 2 })
        .apply(layers.flatten().apply(again)) as tfl.SymbolicTensor,
    });
    const graph = await graphFromModel(model);
    model.dispose();
    const halved: LayerGraph = {
      ...graph,
      layers: graph.layers.map((layer) =>
        layer.name === 'half'
          ? { ...layer, weights: [{ ...layer.weights[0]!, data: Float32Array.of(-2) }] }
          : layer,
      ),
    };
    input = {
      graph: halved,
      layers: ['twice', 'half'],
      dataset,
      backend: { observe: observeStock },
      seed: 1,
      options: { bits: [4, 6], calibrate: 'max', percentile: 99, images: COUNT },
    };
  });
  const ranges = (options: Partial<CalibrationInput['options']> = {}, seed = 1) =>
    calibrateActivations({ ...input, seed, options: { ...input.options, ...options } });

  it('by max covers all that a layer reads in training images, in every call, at every width', async () => {
    const { twice, half } = await ranges();
    expect(Object.keys(half!)).toEqual(['4', '5', '6']);
    // After the ReLU nothing is negative.
    expect(half![4]).toEqual({ least: 0, most: 10 });
    // The first call reads the images, the second -2 times what `half` reads.
    expect(twice![5]).toEqual({ least: -20, most: 10 });
    expect(twice![4]).toEqual(twice![6]);
  });

  it('by percentile leaves the outermost values out', async () => {
    const { half } = await ranges({ calibrate: 'percentile' });
    expect(half![4]!.least).toBe(0);
    // Half of a percent of the numbers of a normal distribution lies above 2.58.
    expect(half![4]!.most).toBeGreaterThan(2.2);
    expect(half![4]!.most).toBeLessThan(3);
    expect(half![6]).toEqual(half![4]);
  });

  it('by mse gives the outlier up, and less of it the more bits there are', async () => {
    const { half } = await ranges({ calibrate: 'mse', bits: [2, 8] });
    expect(half![2]!.most).toBeLessThan(5);
    const ends = Object.values(half!).map(({ most }) => most);
    expect([...ends].sort((a, b) => a - b)).toEqual(ends);
    expect(half![8]!.most).toBeGreaterThan(9);
  });

  it('gives the same for the same seed, reads no more images than it may, and leaves no tensors', async () => {
    const before = tf.memory().numTensors;
    const options = { calibrate: 'percentile' as const, images: 40 };
    const [first, second, other] = [await ranges(options), await ranges(options), await ranges(options, 2)];
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
    expect(tf.memory().numTensors).toBe(before);
    let read = 0;
    const counting: Dataset = {
      ...dataset,
      read: (split, indexes) => ((read += indexes.length), dataset.read(split, indexes)),
    };
    await calibrateActivations({ ...input, dataset: counting, options: { ...input.options, images: 40 } });
    expect(read).toBe(40);
  });

  it('needs training images', async () => {
    await expect(
      calibrateActivations({ ...input, dataset: { ...dataset, size: () => 0 } }),
    ).rejects.toMatchObject({ code: 'DATASET_INVALID' });
  });
});
