import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { registerLayers } from '@tersor/network';

type Model = tfl.LayersModel;
const image = (...shape: (number | null)[]) => tfl.input({ shape });
/** A model of layers one after the other. */
export const through = (shape: number[], ...layers: tfl.layers.Layer[]): Model => {
  const input = image(...shape);
  const output = layers.reduce((value, layer) => layer.apply(value) as tfl.SymbolicTensor, input);
  return tfl.model({ inputs: input, outputs: output });
};
const L = tfl.layers;
registerLayers();

/** A layer of Tersor's own classes. */
const own = (className: string, config: Readonly<Record<string, unknown>>): tfl.layers.Layer => {
  const [Own] = tf.serialization.SerializationMap.getMap().classNameMap[className]!;
  return new (Own as unknown as new (config: unknown) => tfl.layers.Layer)(config);
};

const pooling = (settings: { operation: 'max' | 'average'; countPadding?: boolean }) => (): Model => {
  const padding = [
    [1, 1],
    [0, 2],
  ];
  return through(
    [7, 6, 3],
    own('TersorPooling2D', { poolSize: [3, 3], strides: [2, 2], padding, ...settings }),
  );
};

const ofTwo = (className: string) => (): Model => {
  const input = image(4, 3, 2);
  const [a, b] = ['relu', 'sigmoid'].map(
    (activation) =>
      L.conv2d({ filters: 5, kernelSize: 1, activation: activation as 'relu' }).apply(
        input,
      ) as tfl.SymbolicTensor,
  );
  return tfl.model({ inputs: input, outputs: own(className, {}).apply([a!, b!]) as tfl.SymbolicTensor });
};

/** A small model for every class of layers that is written, by what it shows. */
export const NETWORKS: Readonly<Record<string, () => Model>> = {
  'Conv2D, same, odd strides': () =>
    through(
      [9, 7, 3],
      L.conv2d({ filters: 4, kernelSize: [3, 2], strides: [2, 3], padding: 'same', activation: 'relu' }),
    ),
  'Conv2D, dilated': () =>
    through([9, 7, 3], L.conv2d({ filters: 4, kernelSize: 3, dilationRate: [2, 1], padding: 'same' })),
  'rescaled images': () =>
    through(
      [5, 4, 3],
      L.rescaling({ scale: 0.5, offset: -1 }),
      L.conv2d({ filters: 4, kernelSize: 3, padding: 'same' }),
      L.rescaling({ scale: -2 }),
    ),
  'Conv1D, dilated': () =>
    through([9, 3], L.conv1d({ filters: 4, kernelSize: 3, padding: 'same', dilationRate: 2 })),
  Conv3D: () =>
    through([5, 4, 6, 2], L.conv3d({ filters: 3, kernelSize: [2, 3, 3], strides: 2, padding: 'same' })),
  DepthwiseConv2D: () =>
    through(
      [8, 8, 3],
      L.depthwiseConv2d({
        kernelSize: 3,
        depthMultiplier: 2,
        strides: 2,
        padding: 'same',
        activation: 'relu6',
      }),
    ),
  SeparableConv2D: () =>
    through(
      [9, 7, 3],
      L.separableConv2d({
        filters: 5,
        kernelSize: 3,
        depthMultiplier: 2,
        dilationRate: 2,
        padding: 'same',
        activation: 'tanh',
      }),
    ),
  'Conv2DTranspose, same': () =>
    through(
      [4, 5, 3],
      L.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same', activation: 'elu' }),
    ),
  'Conv2DTranspose, valid': () =>
    through(
      [4, 5, 3],
      L.conv2dTranspose({ filters: 2, kernelSize: [3, 4], strides: [1, 2], padding: 'valid' }),
    ),
  'Conv2DTranspose, strides beyond the kernel': () =>
    through([4, 5, 3], L.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 3, padding: 'valid' })),
  Conv3DTranspose: () =>
    through([3, 4, 3, 2], L.conv3dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' })),
  'Flatten and Dense': () =>
    through(
      [4, 3, 2],
      L.conv2d({ filters: 5, kernelSize: 2 }),
      L.flatten(),
      L.dropout({ rate: 0.5 }),
      L.activation({ activation: 'relu' }),
      L.dense({ units: 4, activation: 'softmax' }),
    ),
  'Flatten by itself': () => through([4, 3, 2], L.flatten()),
  'Flatten, then a batch norm': () =>
    through([4, 3, 2], L.flatten(), L.batchNormalization(), L.dense({ units: 3, useBias: false })),
  'Flatten, read twice': () => {
    const input = image(2, 3, 2);
    const flat = L.flatten().apply(input) as tfl.SymbolicTensor;
    const dense = L.dense({ units: 12 }).apply(flat) as tfl.SymbolicTensor;
    return tfl.model({ inputs: input, outputs: L.add().apply([flat, dense]) as tfl.SymbolicTensor });
  },
  'Dense by positions': () => through([4, 3, 2], L.dense({ units: 5, activation: 'sigmoid' })),
  Reshape: () =>
    through(
      [4, 3, 2],
      L.conv2d({ filters: 4, kernelSize: 1 }),
      L.reshape({ targetShape: [6, 8] }),
      L.conv1d({ filters: 3, kernelSize: 2 }),
    ),
  'Reshape of one row': () =>
    through(
      [6],
      L.reshape({ targetShape: [1, 1, 6] }),
      L.conv2d({ filters: 2, kernelSize: 1 }),
      L.flatten(),
      L.dense({ units: 2 }),
    ),
  Permute: () => through([4, 3, 2], L.permute({ dims: [3, 1, 2] }), L.conv2d({ filters: 4, kernelSize: 2 })),
  'Permute, then Flatten': () =>
    through([4, 3, 2], L.permute({ dims: [2, 3, 1] }), L.flatten(), L.dense({ units: 3 })),
  RepeatVector: () => through([5], L.repeatVector({ n: 4 }), L.conv1d({ filters: 2, kernelSize: 2 })),
  BatchNormalization: () => through([4, 3, 2], L.batchNormalization({ epsilon: 0.01 })),
  'BatchNormalization without scale and center': () =>
    through([4], L.batchNormalization({ scale: false, center: false })),
  LayerNormalization: () => through([4, 3, 5], L.layerNormalization({ axis: -1 })),
  ...Object.fromEntries(
    [
      'elu',
      'selu',
      'relu',
      'relu6',
      'linear',
      'sigmoid',
      'hardSigmoid',
      'softplus',
      'softsign',
      'tanh',
      'softmax',
      'logSoftmax',
      'swish',
      'mish',
      'gelu',
      'gelu_new',
    ].map((activation): [string, () => Model] => [
      `Activation ${activation}`,
      () => through([3, 4, 5], L.activation({ activation: activation as never })),
    ]),
  ),
  'ReLU with a limit': () => through([3, 4, 5], L.reLU({ maxValue: 0.5 })),
  ReLU: () => through([3, 4, 5], L.reLU()),
  LeakyReLU: () => through([3, 4, 5], L.leakyReLU({ alpha: 0.2 })),
  ELU: () => through([3, 4, 5], L.elu({})),
  ThresholdedReLU: () => through([3, 4, 5], L.thresholdedReLU({ theta: 0.4 })),
  'PReLU by channel': () => through([3, 4, 5], L.prelu({ sharedAxes: [1, 2] })),
  'PReLU by value': () => through([3, 4, 5], L.prelu()),
  Softmax: () => through([3, 4, 5], L.softmax({ axis: -1 })),
  ...Object.fromEntries(
    (['add', 'multiply', 'average', 'maximum', 'minimum'] as const).map((kind): [string, () => Model] => [
      `${kind} of three`,
      () => {
        const input = image(4, 3, 2);
        const a = L.conv2d({ filters: 5, kernelSize: 1 }).apply(input) as tfl.SymbolicTensor;
        const b = L.conv2d({ filters: 5, kernelSize: 1 }).apply(input) as tfl.SymbolicTensor;
        return tfl.model({ inputs: input, outputs: L[kind]().apply([a, b, a]) as tfl.SymbolicTensor });
      },
    ]),
  ),
  'Multiply by a row of channels (squeeze and excite)': () => {
    const input = image(4, 3, 2);
    const a = L.conv2d({ filters: 5, kernelSize: 1 }).apply(input) as tfl.SymbolicTensor;
    const pooled = L.globalAveragePooling2d({}).apply(a);
    const gate = L.dense({ units: 5, activation: 'sigmoid' }).apply(pooled) as tfl.SymbolicTensor;
    return tfl.model({ inputs: input, outputs: L.multiply().apply([a, gate]) as tfl.SymbolicTensor });
  },
  ...Object.fromEntries(
    [-1, 1, 2].map((axis): [string, () => Model] => [
      `Concatenate along ${axis}`,
      () => {
        const input = image(4, 4, 2);
        const a = L.conv2d({ filters: 2, kernelSize: 1 }).apply(input) as tfl.SymbolicTensor;
        return tfl.model({
          inputs: input,
          outputs: L.concatenate({ axis }).apply([a, input]) as tfl.SymbolicTensor,
        });
      },
    ]),
  ),
  MaxPooling1D: () => through([7, 3], L.maxPooling1d({ poolSize: 3, strides: 2, padding: 'same' })),
  'MaxPooling2D, same': () =>
    through([7, 6, 3], L.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' })),
  MaxPooling3D: () => through([5, 4, 4, 2], L.maxPooling3d({ poolSize: 2 })),
  AveragePooling1D: () => through([7, 3], L.averagePooling1d({ poolSize: 3, strides: 2 })),
  'AveragePooling2D, same': () =>
    through([7, 6, 3], L.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' })),
  AveragePooling3D: () => through([5, 4, 4, 2], L.averagePooling3d({ poolSize: 2, padding: 'same' })),
  GlobalAveragePooling1D: () => through([7, 3], L.globalAveragePooling1d({})),
  GlobalAveragePooling2D: () => through([7, 5, 3], L.globalAveragePooling2d({})),
  GlobalMaxPooling1D: () => through([7, 3], L.globalMaxPooling1d({})),
  GlobalMaxPooling2D: () => through([7, 5, 3], L.globalMaxPooling2d({})),
  'ZeroPadding2D before a convolution': () =>
    through(
      [5, 6, 3],
      L.zeroPadding2d({
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
      L.conv2d({ filters: 2, kernelSize: 3, strides: 2 }),
    ),
  'ZeroPadding2D by itself': () =>
    through(
      [5, 6, 3],
      L.zeroPadding2d({
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
    ),
  Cropping2D: () =>
    through(
      [7, 6, 3],
      L.cropping2D({
        cropping: [
          [1, 2],
          [0, 3],
        ],
      }),
    ),
  'UpSampling2D, nearest': () => through([3, 4, 3], L.upSampling2d({ size: [2, 3] })),
  'UpSampling2D, bilinear': () =>
    through([3, 4, 3], L.upSampling2d({ size: [2, 3], interpolation: 'bilinear' })),
  'Dropouts alone': () =>
    through(
      [3, 4, 3],
      L.dropout({ rate: 0.5 }),
      L.gaussianNoise({ stddev: 1 }),
      L.alphaDropout({ rate: 0.3 }),
    ),
  'TimeDistributed dense': () => through([3, 5], L.timeDistributed({ layer: L.dense({ units: 4 }) })),
  'a shared layer': () => {
    const input = image(4, 4, 2);
    const conv = L.conv2d({ filters: 2, kernelSize: 3, padding: 'same' });
    const once = conv.apply(input) as tfl.SymbolicTensor;
    return tfl.model({ inputs: input, outputs: conv.apply(once) as tfl.SymbolicTensor });
  },
  'several inputs and outputs, one of them twice': () => {
    const [a, b] = [image(4, 4, 2), image(6)];
    const conv = L.conv2d({ filters: 2, kernelSize: 3 }).apply(a) as tfl.SymbolicTensor;
    const dense = L.dense({ units: 2 }).apply(b) as tfl.SymbolicTensor;
    const product = L.multiply().apply([conv, dense]) as tfl.SymbolicTensor;
    return tfl.model({ inputs: [a, b], outputs: [product, conv, dense] });
  },
  TersorGroupedConv2D: () =>
    through(
      [7, 6, 6],
      own('TersorGroupedConv2D', {
        filters: 4,
        groups: 2,
        kernelSize: [3, 3],
        strides: [2, 2],
        padding: 'same',
        activation: 'relu',
      }),
    ),
  'TersorPad2D, zeros before a convolution': () =>
    through(
      [5, 6, 3],
      own('TersorPad2D', {
        padding: [
          [1, 0],
          [2, 1],
        ],
        mode: 'constant',
        value: 0,
      }),
      L.conv2d({ filters: 2, kernelSize: 3 }),
    ),
  'TersorPad2D, a value': () =>
    through(
      [5, 6, 3],
      own('TersorPad2D', {
        padding: [
          [1, 0],
          [2, 1],
        ],
        mode: 'constant',
        value: 2,
      }),
    ),
  'TersorPad2D, reflected': () =>
    through(
      [5, 6, 3],
      own('TersorPad2D', {
        padding: [
          [1, 0],
          [2, 1],
        ],
        mode: 'reflect',
      }),
    ),
  'TersorPad2D, edges': () =>
    through(
      [5, 6, 3],
      own('TersorPad2D', {
        padding: [
          [1, 0],
          [2, 1],
        ],
        mode: 'edge',
      }),
    ),
  'TersorPooling2D, the largest': pooling({ operation: 'max' }),
  'TersorPooling2D, means': pooling({ operation: 'average' }),
  'TersorPooling2D, means with the padding': pooling({ operation: 'average', countPadding: true }),
  ...Object.fromEntries(
    [
      ['bilinear', 'halfPixel'],
      ['bilinear', 'alignCorners'],
      ['bilinear', 'pytorchHalfPixel'],
      ['nearest', 'asymmetric'],
      ['nearest', 'halfPixel'],
    ].map(([interpolation, coordinates]): [string, () => Model] => [
      `TersorResize2D, ${interpolation}, ${coordinates}`,
      () =>
        through(
          [3, 4, 2],
          own('TersorResize2D', {
            size: [7, 6],
            interpolation,
            coordinates,
            rounding: coordinates === 'asymmetric' ? 'floor' : 'roundPreferFloor',
          }),
        ),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries({
      bicubic: { size: [7, 6], interpolation: 'bicubic' },
      'bicubic, what is outside left out': {
        size: [2, 6],
        interpolation: 'bicubic',
        cubicCoefficient: -0.5,
        excludeOutside: true,
      },
      'bilinear, by scales': { size: [1, 3], interpolation: 'bilinear', scales: [0.6, 0.8] },
    }).map(([name, config]): [string, () => Model] => [
      `TersorResize2D, ${name}`,
      () => through([3, 4, 2], own('TersorResize2D', config)),
    ]),
  ),
  'TersorSlice of channels': () =>
    through([4, 3, 6], own('TersorSlice', { axis: 3, start: 1, end: 6, step: 2 })),
  'TersorSlice of rows': () => through([4, 3, 6], own('TersorSlice', { axis: 1, start: 1, end: 3 })),
  TersorChannelShuffle: () => through([4, 3, 6], own('TersorChannelShuffle', { groups: 2 })),
  TersorHardSigmoid: () => through([4, 3, 6], own('TersorHardSigmoid', { alpha: 1 / 6, beta: 0.5 })),
  TersorPower: () =>
    through([4, 3, 6], L.activation({ activation: 'sigmoid' }), own('TersorPower', { exponent: 1.5 })),
  TersorSubtract: ofTwo('TersorSubtract'),
  TersorDivide: ofTwo('TersorDivide'),
};
