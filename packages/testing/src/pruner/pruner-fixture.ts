import {
  elementCount,
  type ChannelGroup,
  type Dataset,
  type GraphLayer,
  type GroupMember,
  type LayerGraph,
  type PruneContext,
  type WeightTensor,
} from '@tersor/core';
import { correctBackend } from '../backend/correct-backend.js';

const SIZE = 6;
const IMAGES = 60;
const CLASSES = 3;

/**
 * What a contract prunes: a small residual network, its two channel groups, a data set of 60 random images,
 * and a backend in plain loops.
 */
export function pruneContext(seed = 1): PruneContext {
  return {
    graph: residualGraph(),
    groups: residualGroups(),
    dataset: randomDataset(),
    backend: correctBackend(),
    seed,
  };
}

/**
 * Convolution `stem` with batch norm and ReLU; convolutions `first` (with ReLU) and `second`, added to it;
 * ReLU, global average pooling, dense classifier. All weights random.
 */
function residualGraph(): LayerGraph {
  const draw = generator(7);
  const weight = (name: string, shape: number[], value: () => number = () => 0.4 * draw()): WeightTensor => ({
    name,
    shape,
    data: Float32Array.from({ length: elementCount(shape) }, value),
    trainable: !name.startsWith('moving_'),
  });
  const positive = () => 1 + 0.5 * Math.abs(draw());
  const conv = (name: string, inputs: number, filters: number, activation: string): GraphLayer => ({
    name,
    className: 'Conv2D',
    config: {
      name,
      filters,
      kernel_size: [3, 3],
      strides: [1, 1],
      padding: 'same',
      data_format: 'channels_last',
      dilation_rate: [1, 1],
      activation,
      use_bias: true,
    },
    weights: [weight('kernel', [3, 3, inputs, filters]), weight('bias', [filters])],
  });
  const layers: GraphLayer[] = [
    {
      name: 'image',
      className: 'InputLayer',
      config: { name: 'image', batch_input_shape: [null, SIZE, SIZE, 3], dtype: 'float32', sparse: false },
      weights: [],
    },
    conv('stem', 3, 6, 'linear'),
    {
      name: 'norm',
      className: 'BatchNormalization',
      config: { name: 'norm', axis: -1, momentum: 0.9, epsilon: 1e-3, center: true, scale: true },
      weights: [
        weight('gamma', [6], positive),
        weight('beta', [6]),
        weight('moving_mean', [6]),
        weight('moving_variance', [6], positive),
      ],
    },
    { name: 'relu', className: 'Activation', config: { name: 'relu', activation: 'relu' }, weights: [] },
    conv('first', 6, 5, 'relu'),
    conv('second', 5, 6, 'linear'),
    { name: 'sum', className: 'Add', config: { name: 'sum' }, weights: [] },
    { name: 'relu2', className: 'Activation', config: { name: 'relu2', activation: 'relu' }, weights: [] },
    {
      name: 'pool',
      className: 'GlobalAveragePooling2D',
      config: { name: 'pool', data_format: 'channels_last' },
      weights: [],
    },
    {
      name: 'scores',
      className: 'Dense',
      config: { name: 'scores', units: CLASSES, activation: 'softmax', use_bias: true },
      weights: [weight('kernel', [6, CLASSES]), weight('bias', [CLASSES])],
    },
  ];
  const image = (channels: number) => [SIZE, SIZE, channels];
  const call = (layer: string, inputs: number[], outputShape: number[]) => ({ layer, inputs, outputShape });
  return {
    name: 'residual',
    layers,
    calls: [
      call('image', [], image(3)),
      call('stem', [0], image(6)),
      call('norm', [1], image(6)),
      call('relu', [2], image(6)),
      call('first', [3], image(5)),
      call('second', [4], image(6)),
      call('sum', [3, 5], image(6)),
      call('relu2', [6], image(6)),
      call('pool', [7], [6]),
      call('scores', [8], [CLASSES]),
    ],
    inputs: [0],
    outputs: [9],
  };
}

function residualGroups(): ChannelGroup[] {
  const member =
    (channels: number) =>
    (layer: string, weight: string, axis: number, role: GroupMember['role']): GroupMember => ({
      layer,
      weight,
      axis,
      role,
      indexes: Array.from({ length: channels }, (_, channel) => [channel]),
    });
  const sum = member(6);
  const inner = member(5);
  return [
    {
      name: 'stem',
      channels: 6,
      members: [
        sum('stem', 'kernel', 3, 'produces'),
        sum('stem', 'bias', 0, 'carries'),
        ...['gamma', 'beta', 'moving_mean', 'moving_variance'].map((name) => sum('norm', name, 0, 'carries')),
        sum('first', 'kernel', 2, 'consumes'),
        sum('second', 'kernel', 3, 'produces'),
        sum('second', 'bias', 0, 'carries'),
        sum('scores', 'kernel', 0, 'consumes'),
      ],
    },
    {
      name: 'first',
      channels: 5,
      members: [
        inner('first', 'kernel', 3, 'produces'),
        inner('first', 'bias', 0, 'carries'),
        inner('second', 'kernel', 2, 'consumes'),
      ],
    },
  ];
}

function randomDataset(): Dataset {
  const draw = generator(11);
  const size = SIZE * SIZE * 3;
  const pixels = Float32Array.from({ length: IMAGES * size }, draw);
  return {
    id: 'random',
    imageShape: [SIZE, SIZE, 3],
    classNames: Array.from({ length: CLASSES }, (_, i) => `class ${i}`),
    padValue: [0, 0, 0],
    size: () => IMAGES,
    read: async (_, indexes) => {
      const images = new Float32Array(indexes.length * size);
      indexes.forEach((index, i) => images.set(pixels.subarray(index * size, (index + 1) * size), i * size));
      return { images, labels: Int32Array.from(indexes, (index) => index % CLASSES) };
    },
  };
}

/** Roughly normal numbers from a linear congruential generator. */
function generator(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return () => 2 * (uniform() + uniform() + uniform() - 1.5);
}
