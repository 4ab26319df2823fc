import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { CompressConfig, Dataset, LayerGraph, Split } from '@tersor/core';
import { requireCompressible, requireFitting, requireImages, requireTrainable } from './fitting.js';
import { graphFromModel } from '@tersor/network';

const { layers } = tfl;

const dataset = (sizes: Partial<Record<Split, number>> = {}): Dataset => ({
  id: 'squares',
  imageShape: [8, 8, 3],
  classNames: ['a', 'b', 'c', 'd'],
  padValue: [0, 0, 0],
  size: (split) => sizes[split] ?? 50,
  read: async () => ({ images: new Float32Array(), labels: new Int32Array() }),
});

async function graphOf(model: tfl.LayersModel): Promise<LayerGraph> {
  const graph = await graphFromModel(model);
  model.dispose();
  return graph;
}

type Shape = (number | null)[];
const flat = (shape: Shape, units = 4, activation: 'softmax' | 'sigmoid' = 'softmax') =>
  tfl.sequential({ layers: [layers.flatten({ inputShape: shape }), layers.dense({ units, activation })] });
const convolution = (side: number) =>
  tfl.sequential({ layers: [layers.conv2d({ filters: 4, kernelSize: side, inputShape: [8, 8, 3] })] });

function functional(inputCount: number, outputCount: number): tfl.LayersModel {
  const inputs = Array.from({ length: inputCount }, () => tfl.input({ shape: [8, 8, 3] }));
  const merged = inputCount === 1 ? inputs[0]! : (layers.add().apply(inputs) as tfl.SymbolicTensor);
  const features = layers.flatten().apply(merged);
  const outputs = Array.from({ length: outputCount }, (_, i) =>
    layers.dense({ units: 4 - 2 * i }).apply(features),
  );
  return tfl.model({ inputs, outputs: outputs as tfl.SymbolicTensor[] });
}

describe('requireFitting', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it.each<[string, () => tfl.LayersModel]>([
    ['one value per class', () => flat([8, 8, 3])],
    ['1x1xC', () => convolution(8)],
  ])('takes %s', async (_, model) => {
    const graph = await graphOf(model());
    expect(() => requireFitting(graph, dataset(), 'm.json')).not.toThrow();
  });

  it.each<[string, () => tfl.LayersModel, RegExp]>([
    [
      'sizes that the model leaves open',
      () =>
        tfl.sequential({
          layers: [
            layers.globalAveragePooling2d({ inputShape: [null, null, 3] }),
            layers.dense({ units: 4 }),
          ],
        }),
      /leaves sizes of its input open \(anyxanyx3\)/,
    ],
    [
      'smaller images',
      () => flat([4, 4, 3]),
      /m\.json takes inputs of 4x4x3, but the images of "squares" are 8x8x3/,
    ],
    ['larger images', () => flat([16, 16, 3]), /inputs of 16x16x3/],
    ['images with another number of channels', () => flat([8, 8, 1]), /inputs of 8x8x1/],
    ['images without channels', () => flat([8, 8]), /inputs of 8x8, but/],
    [
      'flattened images',
      () => tfl.sequential({ layers: [layers.dense({ units: 4, inputShape: [192] })] }),
      /inputs of 192, but/,
    ],
    [
      'fewer outputs than classes',
      () => flat([8, 8, 3], 3),
      /gives 3 values per image, but "squares" has 4 classes/,
    ],
    ['more outputs than classes', () => flat([8, 8, 3], 6), /gives 6 values per image/],
    ['a map of values', () => convolution(3), /gives outputs of 6x6x4 per image/],
    [
      'a map of as many values as there are classes',
      () => tfl.sequential({ layers: [flat([8, 8, 3]), layers.reshape({ targetShape: [2, 2] })] }),
      /outputs of 2x2/,
    ],
    ['two inputs', () => functional(2, 1), /has 2 inputs \(8x8x3, 8x8x3\)/],
    ['two outputs', () => functional(1, 2), /has 2 outputs \(4, 2\)/],
  ])('refuses %s', async (_, model, message) => {
    const graph = await graphOf(model());
    expect(() => requireFitting(graph, dataset(), 'm.json')).toThrow(
      expect.objectContaining({
        code: 'MODEL_UNSUPPORTED',
        message: expect.stringMatching(message),
        hint: expect.any(String),
      }),
    );
  });

  it('says what to do with one sigmoid for two classes', async () => {
    const graph = await graphOf(flat([8, 8, 3], 1, 'sigmoid'));
    const two = { ...dataset(), classNames: ['no', 'yes'] };
    expect(() => requireFitting(graph, two, 'm.json')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('an output per class') }),
    );
  });
});

describe('requireImages', () => {
  it.each<[Split, RegExp]>([
    ['train', /no training images/],
    ['validation', /no validation images/],
    ['test', /no test images/],
  ])('refuses an empty split: %s', (split, message) => {
    expect(() => requireImages(dataset({ [split]: 0 }), ['train', 'validation', 'test'])).toThrow(
      expect.objectContaining({ code: 'DATASET_INVALID', message: expect.stringMatching(message) }),
    );
  });
});

describe('requireTrainable', () => {
  const planned = { batchSize: 64, place: 'train' };

  it('refuses a network whose layers are all frozen', async () => {
    const model = flat([8, 8, 3]);
    model.layers.forEach((layer) => (layer.trainable = false));
    const graph = await graphOf(model);
    expect(() => requireTrainable(graph, dataset(), 'm.json', planned)).toThrow(
      expect.objectContaining({ code: 'MODEL_UNSUPPORTED', message: expect.stringContaining('are frozen') }),
    );
  });

  it('says that constraints on weights are left out', async () => {
    const notices: string[] = [];
    const kernelConstraint = tfl.constraints.maxNorm({ maxValue: 1 });
    const dense = tfl.layers.dense({ name: 'bound', units: 10, inputShape: [3], kernelConstraint });
    const graph = await graphOf(tfl.sequential({ layers: [dense] }));
    requireTrainable(graph, dataset({ train: 64 }), 'm.json', planned, (text) => notices.push(text));
    expect(notices).toEqual([
      expect.stringMatching(
        /^m\.json has constraints on weights \(MaxNorm\), those of "bound": training here/,
      ),
    ]);
  });

  it('says that a batch is larger than the training set', async () => {
    const notices: string[] = [];
    const graph = await graphOf(flat([8, 8, 3]));
    requireTrainable(graph, dataset(), 'm.json', planned, (text) => notices.push(text));
    requireTrainable(graph, dataset({ train: 64 }), 'm.json', planned, (text) => notices.push(text));
    expect(notices).toEqual([
      'train.batchSize is 64, but there are only 50 training images: an epoch is one step with all of them.',
    ]);
  });
});

describe('requireCompressible', () => {
  const config = (epochs: number) =>
    ({ model: 'm.json', prune: { finetune: { epochs, batchSize: 8 } } }) as unknown as CompressConfig;

  it('asks for training images and layers to train only where there is a fine-tune', async () => {
    const graph = await graphOf(flat([8, 8, 3]));
    expect(() => requireCompressible(graph, dataset({ train: 0 }), config(0))).not.toThrow();
    expect(() => requireCompressible(graph, dataset({ train: 0 }), config(1))).toThrow(
      expect.objectContaining({ code: 'DATASET_INVALID' }),
    );
  });
});
