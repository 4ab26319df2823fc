import * as tfl from '@tensorflow/tfjs-layers';
import { each, IMAGE, name, one, type LayerCase, type Symbolic } from './layer-case.js';
import { OWN_LAYER_CASES } from './own-layer-cases.js';

const L = tfl.layers;
const EVERY = ['cpu', 'wasm', 'node'];
const ACTIVATIONS = [
  'linear',
  'relu',
  'relu6',
  'sigmoid',
  'hardSigmoid',
  'tanh',
  'elu',
  'selu',
  'softplus',
  'softsign',
  'softmax',
  'logSoftmax',
  'gelu',
  'gelu_new',
  'mish',
  'swish',
] as const;

const channelsFirst = { dataFormat: 'channelsFirst' } as const;

const convolutions: LayerCase[] = [
  ...each('conv2d', (o: object) => L.conv2d({ filters: 5, kernelSize: 3, ...o } as never), [
    {},
    { padding: 'same' },
    { strides: 2, padding: 'same' },
    { strides: [2, 1] },
    { strides: 4, padding: 'same' },
    { kernelSize: [1, 3] },
    { kernelSize: 1, strides: 2 },
    { dilationRate: 2, padding: 'same' },
    { dilationRate: [1, 2] },
    { useBias: false },
    channelsFirst,
    { ...channelsFirst, strides: 2, padding: 'same' },
    ...ACTIVATIONS.map((activation) => ({ activation })),
    { ...channelsFirst, activation: 'relu' },
    { ...channelsFirst, activation: 'softmax' },
  ]),
  ...each('depthwiseConv2d', (o: object) => L.depthwiseConv2d({ kernelSize: 3, ...o } as never), [
    {},
    { padding: 'same' },
    { strides: 2, padding: 'same' },
    { depthMultiplier: 3, padding: 'same', activation: 'relu6' },
    { strides: 4, padding: 'same' },
    { useBias: false },
    channelsFirst,
    { ...channelsFirst, strides: 2, padding: 'same', activation: 'relu' },
  ]),
  one(
    'depthwiseConv2d, dilated',
    () => L.depthwiseConv2d({ name, kernelSize: 3, dilationRate: 2, padding: 'same' }),
    IMAGE,
    EVERY,
  ),
  ...each('separableConv2d', (o: object) => L.separableConv2d({ filters: 5, kernelSize: 3, ...o } as never), [
    {},
    { padding: 'same' },
    { strides: 2, padding: 'same' },
    { depthMultiplier: 3, activation: 'relu' },
    { dilationRate: 2, padding: 'same' },
    { useBias: false },
    channelsFirst,
    { ...channelsFirst, depthMultiplier: 2, padding: 'same', activation: 'relu' },
  ]),
  ...each('conv2dTranspose', (o: object) => L.conv2dTranspose({ filters: 5, kernelSize: 3, ...o } as never), [
    {},
    { strides: 2 },
    { strides: 2, padding: 'same', activation: 'relu' },
    { useBias: false },
    channelsFirst,
  ]),
  ...each(
    'conv1d',
    (o: object) => L.conv1d({ filters: 5, kernelSize: 3, ...o } as never),
    [
      {},
      { padding: 'same' },
      { strides: 2 },
      { dilationRate: 2, padding: 'same' },
      { activation: 'tanh' },
      channelsFirst,
    ],
    [8, 4],
  ),
  one('conv1d, causal', () => L.conv1d({ name, filters: 5, kernelSize: 3, padding: 'causal' }), [8, 4]),
  ...each(
    'conv3d',
    (o: object) => L.conv3d({ filters: 3, kernelSize: 2, ...o } as never),
    [{}, { padding: 'same', strides: 2 }, { activation: 'relu' }],
    [5, 4, 3, 2],
  ).map((each) => ({ ...each, untrained: ['wasm'] })),
  ...each(
    'conv3dTranspose',
    (o: object) => L.conv3dTranspose({ filters: 3, kernelSize: 2, ...o } as never),
    [{}, { strides: 2 }],
    [5, 4, 3, 2],
  ).map((each) => ({ ...each, refused: ['wasm'], untrained: EVERY })),
  ...each(
    'dense',
    (o: object) => L.dense({ units: 5, ...o } as never),
    [{}, { useBias: false }, ...ACTIVATIONS.map((activation) => ({ activation }))],
    [12],
  ),
  ...each(
    'dense of rank 3',
    (o: object) => L.dense({ units: 5, ...o } as never),
    [{}, { useBias: false, activation: 'relu' }],
    [6, 4],
  ),
  ...each('dense of rank 4', (o: object) => L.dense({ units: 5, ...o } as never), [
    {},
    { activation: 'softmax' },
  ]),
];

const activations: LayerCase[] = [
  ...ACTIVATIONS.map((activation) =>
    one(`activation ${activation}`, () => L.activation({ name, activation: activation as never })),
  ),
  ...each('reLU', (o: object) => L.reLU(o as never), [{}, { maxValue: 6 }, { maxValue: 1 }, { maxValue: 0 }]),
  ...each('leakyReLU', (o: object) => L.leakyReLU(o as never), [{}, { alpha: 0.1 }, { alpha: 0 }]),
  ...each('elu', (o: object) => L.elu(o as never), [{}, { alpha: 1 }]),
  ...each('prelu', (o: object) => L.prelu(o as never), [
    {},
    { sharedAxes: [1, 2] },
    { sharedAxes: [1, 2, 3] },
    { sharedAxes: [3] },
  ]),
  ...each('thresholdedReLU', (o: object) => L.thresholdedReLU(o as never), [
    {},
    { theta: 0.2 },
    { theta: 0 },
  ]).map((each) => ({ ...each, jumps: true })),
  ...each('softmax', (o: object) => L.softmax(o as never), [{}, { axis: 3 }, { axis: -1 }]),
  ...each('softmax of rank 2', (o: object) => L.softmax(o as never), [{}, { axis: 1 }], [12]),
];

const shapes: LayerCase[] = [
  ...['maxPooling2d', 'averagePooling2d'].flatMap((pooling) =>
    each(pooling, (o: object) => L[pooling as 'maxPooling2d']({ poolSize: 2, ...o } as never), [
      {},
      { padding: 'same' },
      { poolSize: 3, strides: 2, padding: 'same' },
      { poolSize: [2, 3], strides: [3, 1], padding: 'same' },
      { poolSize: 2, strides: 3, padding: 'same' },
      channelsFirst,
      { ...channelsFirst, poolSize: 3, strides: 2, padding: 'same' },
    ]),
  ),
  ...['maxPooling1d', 'averagePooling1d'].flatMap((pooling) =>
    each(
      pooling,
      (o: object) => L[pooling as 'maxPooling1d'](o as never),
      [{}, { poolSize: 3, strides: 2, padding: 'same' }],
      [8, 4],
    ),
  ),
  ...each('averagePooling3d', (o: object) => L.averagePooling3d(o as never), [{}], [5, 4, 3, 2]),
  {
    ...one(
      'averagePooling3d, same',
      () => L.averagePooling3d({ name, poolSize: 2, strides: 1, padding: 'same' }),
      [5, 4, 3, 2],
    ),
    untrained: EVERY,
  },
  one('maxPooling3d', () => L.maxPooling3d({ poolSize: 2, strides: 1 }), [5, 4, 3, 2]),
  one(
    'maxPooling3d, same',
    () => L.maxPooling3d({ name, poolSize: 2, strides: 1, padding: 'same' }),
    [5, 4, 3, 2],
    ['wasm'],
  ),
  ...['globalAveragePooling2d', 'globalMaxPooling2d'].flatMap((pooling) =>
    each(pooling, (o: object) => L[pooling as 'globalMaxPooling2d'](o as never), [{}, channelsFirst]),
  ),
  ...['globalAveragePooling1d', 'globalMaxPooling1d'].flatMap((pooling) =>
    each(pooling, (o: object) => L[pooling as 'globalMaxPooling1d'](o as never), [{}], [8, 4]),
  ),
  ...each('flatten', (o: object) => L.flatten(o as never), [{}, channelsFirst]),
  ...each('zeroPadding2d', (o: object) => L.zeroPadding2d(o as never), [
    {},
    { padding: 2 },
    { padding: [1, 2] },
    {
      padding: [
        [1, 0],
        [2, 3],
      ],
    },
    {
      padding: [
        [1, 0],
        [2, 3],
      ],
      ...channelsFirst,
    },
  ]),
  ...each('cropping2D', (o: object) => L.cropping2D(o as never), [
    { cropping: 1 },
    {
      cropping: [
        [1, 0],
        [2, 1],
      ],
    },
    {
      cropping: [
        [1, 0],
        [2, 1],
      ],
      ...channelsFirst,
    },
  ]),
  ...each('upSampling2d', (o: object) => L.upSampling2d(o as never), [{}, { size: [2, 3] }, channelsFirst]),
  {
    ...one('upSampling2d, bilinear', () => L.upSampling2d({ interpolation: 'bilinear' })),
    untrained: ['cpu'],
  },
  one('reshape', () => L.reshape({ targetShape: [7, 36] })),
  one('reshape, a length left open', () => L.reshape({ name, targetShape: [-1, 9] })),
  one('permute', () => L.permute({ dims: [3, 1, 2] })),
  one('repeatVector', () => L.repeatVector({ n: 3 }), [5]),
  { ...one('embedding', () => L.embedding({ inputDim: 10, outputDim: 3 }), [5]), untrained: EVERY },
];

const norms: LayerCase[] = [
  ...each('batchNormalization', (o: object) => L.batchNormalization(o as never), [
    {},
    { axis: 3 },
    { axis: 1 },
    { axis: 2 },
    { scale: false },
    { center: false, epsilon: 0.1 },
  ]),
  one('batchNormalization of rank 2', () => L.batchNormalization(), [12]),
  ...each(
    'batchNormalization of rank 3',
    (o: object) => L.batchNormalization(o as never),
    [{}, { axis: 1 }],
    [8, 4],
  ),
  ...each('layerNormalization', (o: object) => L.layerNormalization(o as never), [{}, { axis: 1 }]),
  {
    ...one('layerNormalization without a scale', () => L.layerNormalization({ scale: false })),
    untrained: EVERY,
  },
  ...[1, 3].flatMap((axis) =>
    ['conv2d', 'depthwiseConv2d', 'separableConv2d', 'conv2dTranspose'].map(
      (layer): LayerCase => ({
        name: `${layer} and batchNormalization over axis ${axis}`,
        shape: IMAGE,
        build: (input) =>
          L.batchNormalization({ axis }).apply(
            L[layer as 'conv2d']({ filters: 4, kernelSize: 1 }).apply(input),
          ) as Symbolic,
      }),
    ),
  ),
  {
    name: 'a channels-first convolution and batchNormalization over its channels',
    shape: IMAGE,
    build: (input) =>
      L.reLU().apply(
        L.batchNormalization({ axis: 1 }).apply(
          L.conv2d({ filters: 3, kernelSize: 3, ...channelsFirst }).apply(input),
        ),
      ) as Symbolic,
  },
];

/** Two branches of one image. */
const branches = (input: Symbolic, first = 4, second = 4) =>
  [first, second].map((filters) => L.conv2d({ filters, kernelSize: 1 }).apply(input) as Symbolic);

const merges: LayerCase[] = [
  ...['add', 'average', 'multiply', 'maximum', 'minimum'].map(
    (merge): LayerCase => ({
      name: merge,
      shape: IMAGE,
      build: (input) => L[merge as 'add']().apply(branches(input)) as Symbolic,
    }),
  ),
  {
    name: 'add of one channel to all',
    shape: IMAGE,
    build: (input) => L.add().apply(branches(input, 4, 1)) as Symbolic,
  },
  ...[-1, 1, 2, 3].map(
    (axis): LayerCase => ({
      name: `concatenate over axis ${axis}`,
      shape: IMAGE,
      build: (input) => L.concatenate({ axis }).apply(branches(input)) as Symbolic,
    }),
  ),
  {
    name: 'dot',
    shape: [5],
    build: (input) =>
      L.dot({ axes: 1 }).apply([
        L.dense({ units: 4 }).apply(input),
        L.dense({ units: 4 }).apply(input),
      ] as Symbolic[]) as Symbolic,
  },
];

const sequences: LayerCase[] = [
  ...['simpleRNN', 'gru', 'lstm'].flatMap((cell) =>
    each(
      cell,
      (o: object) => L[cell as 'gru']({ units: 5, ...o } as never),
      [{}, { returnSequences: true }, { goBackwards: true }, { useBias: false, activation: 'relu' }],
      [6, 4],
    ),
  ),
  one(
    'bidirectional',
    () => L.bidirectional({ layer: L.lstm({ units: 3 }) as never, mergeMode: 'concat' }),
    [6, 4],
  ),
  one('timeDistributed', () => L.timeDistributed({ layer: L.dense({ units: 3 }) }), [6, 4]),
  one('rnn', () => L.rnn({ cell: [L.gruCell({ units: 3 }), L.lstmCell({ units: 2 })] as never }), [6, 4]),
  one('convLstm2d', () => L.convLstm2d({ filters: 3, kernelSize: 2 }), [3, 5, 5, 2]),
  { ...one('masking', () => L.masking({ maskValue: 0.5 }), [6, 4]), untrained: EVERY },
];

const others: LayerCase[] = [
  one('dropout', () => L.dropout({ rate: 0.5 })),
  one('spatialDropout1d', () => L.spatialDropout1d({ rate: 0.5 }), [8, 4]),
  one('gaussianNoise', () => L.gaussianNoise({ stddev: 1 })),
  one('gaussianDropout', () => L.gaussianDropout({ rate: 0.5 })),
  one('alphaDropout', () => L.alphaDropout({ rate: 0.5 })),
  one('rescaling', () => L.rescaling({ scale: 2, offset: -1 })),
  one('resizing', () => L.resizing({ name, height: 4, width: 5 })),
  one('centerCrop', () => L.centerCrop({ name, height: 4, width: 5 })),
];

export const LAYER_CASES: readonly LayerCase[] = [
  ...convolutions,
  ...activations,
  ...shapes,
  ...norms,
  ...merges,
  ...sequences,
  ...others,
  ...OWN_LAYER_CASES,
];
