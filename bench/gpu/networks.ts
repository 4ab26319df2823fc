import * as tfl from '@tensorflow/tfjs-layers';
import { graphFromModel, initializeKernels } from '@tersor/network';
import type { Dataset, LayerGraph } from '@tersor/core';
import { vgg19 } from '../backends/vgg19.js';

/** A network whose speed is measured; its counterpart in PyTorch is that of the same name in reference.py. */
export interface Network {
  readonly name: 'VGG-19' | 'MobileNet';
  readonly imageShape: readonly [number, number, number];
  readonly classes: number;
  readonly make: () => Promise<LayerGraph>;
}

export const NETWORKS: readonly Network[] = [
  { name: 'VGG-19', imageShape: [32, 32, 3], classes: 10, make: () => vgg19() },
  { name: 'MobileNet', imageShape: [224, 224, 3], classes: 1000, make: () => mobilenet(224) },
];

/** The same layers with little to compute, for a software adapter. */
export const SMALL_NETWORKS: readonly Network[] = [
  { name: 'VGG-19', imageShape: [32, 32, 3], classes: 10, make: () => vgg19(32) },
  { name: 'MobileNet', imageShape: [32, 32, 3], classes: 1000, make: () => mobilenet(32) },
];

/** Filters of the pointwise convolutions of MobileNet v1 at width 1, and the strides before them. */
const BLOCKS = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
] as const;

/** MobileNet v1 at a quarter of its width, with drawn weights. */
async function mobilenet(side: number): Promise<LayerGraph> {
  const { layers } = tfl;
  const model = tfl.sequential();
  const finish = () => {
    model.add(layers.batchNormalization());
    model.add(layers.reLU({ maxValue: 6 }));
  };
  model.add(layers.inputLayer({ inputShape: [side, side, 3] }));
  model.add(layers.conv2d({ filters: 8, kernelSize: 3, strides: 2, padding: 'same', useBias: false }));
  finish();
  for (const [filters, strides] of BLOCKS) {
    model.add(layers.depthwiseConv2d({ kernelSize: 3, strides, padding: 'same', useBias: false }));
    finish();
    model.add(layers.conv2d({ filters: filters / 4, kernelSize: 1, useBias: false }));
    finish();
  }
  model.add(layers.globalAveragePooling2d({}));
  model.add(layers.dense({ units: 1000 }));
  const graph = initializeKernels(await graphFromModel(model), 1);
  model.dispose();
  return graph;
}

/** Images of noise between -1 and 1: the same for the same seed. */
export function noise(count: number, shape: readonly number[], seed: number): Float32Array {
  const images = new Float32Array(shape.reduce((size, side) => size * side, count));
  let state = seed >>> 0 || 1;
  for (let i = 0; i < images.length; i++) {
    // Marsaglia's xorshift: hundreds of millions of values are wanted.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    images[i] = (state >>> 0) / 2 ** 31 - 1;
  }
  return images;
}

/** Noise as a data set. */
export function noiseDataset({ imageShape, classes }: Network, count: number): Dataset {
  const images = noise(count, imageShape, 2);
  const size = images.length / count;
  return {
    id: 'noise',
    imageShape,
    classNames: Array.from({ length: classes }, (_, i) => `${i}`),
    padValue: [0, 0, 0],
    size: () => count,
    read: async (_split, indexes) => {
      const read = new Float32Array(indexes.length * size);
      indexes.forEach((index, i) => read.set(images.subarray(index * size, (index + 1) * size), i * size));
      return { images: read, labels: Int32Array.from(indexes, (index) => index % classes) };
    },
  };
}
