import type { Model } from './build-onnx.js';

/** The ends of a network of one image, the batch open. */
export const image = { inputs: { x: ['batch', 4, 6, 8] }, outputs: ['y'] } as const;
const half = { shape: [], values: [0.5] };

const GELU_CONSTANTS = {
  three: { shape: [], values: [3] },
  small: { shape: [], values: [0.044715] },
  root: { shape: [], values: [Math.sqrt(2 / Math.PI)] },
  one: { shape: [], values: [1] },
  half,
} as const;

/** What follows on the sum with the third power. */
const GELU_END = [
  ['Mul', ['r', 'root'], ['s']],
  ['Tanh', ['s'], ['t']],
  ['Add', ['t', 'one'], ['u']],
  ['Mul', ['half', 'u'], ['v']],
  ['Mul', ['x', 'v'], ['y']],
] as const;

/** Ways in which exporters write a network, and the classes of the layers that they become. */
export const SPELLINGS: Readonly<Record<string, readonly [Model, readonly string[]]>> = {
  'SiLU as x * sigmoid(x)': [
    {
      ...image,
      nodes: [
        ['Sigmoid', ['x'], ['s']],
        ['Mul', ['s', 'x'], ['y']],
      ],
    },
    ['Activation'],
  ],
  'Mish as x * tanh(softplus(x))': [
    {
      ...image,
      nodes: [
        ['Softplus', ['x'], ['s']],
        ['Tanh', ['s'], ['t']],
        ['Mul', ['x', 't'], ['y']],
      ],
    },
    ['Activation'],
  ],
  'Gelu by tanh, with a power': [
    {
      ...image,
      constants: GELU_CONSTANTS,
      nodes: [
        ['Pow', ['x', 'three'], ['p']],
        ['Mul', ['p', 'small'], ['q']],
        ['Add', ['x', 'q'], ['r']],
        ...GELU_END,
      ],
    },
    ['Activation'],
  ],
  'Gelu by tanh, with products': [
    {
      ...image,
      constants: GELU_CONSTANTS,
      nodes: [
        ['Mul', ['x', 'x'], ['o']],
        ['Mul', ['x', 'o'], ['p']],
        ['Mul', ['small', 'p'], ['q']],
        ['Add', ['x', 'q'], ['r']],
        ...GELU_END,
      ],
    },
    ['Activation'],
  ],
  'Gelu with approximate = tanh': [
    { ...image, opset: 20, nodes: [['Gelu', ['x'], ['y'], { approximate: 'tanh' }]] },
    ['Activation'],
  ],
  'transposed convolutions in groups, dilated, with rows that nothing reaches': [
    {
      ...image,
      constants: { w: { shape: [4, 3, 3, 2] }, b: { shape: [6] } },
      nodes: [
        [
          'ConvTranspose',
          ['x', 'w', 'b'],
          ['y'],
          { group: 2, strides: [2, 3], dilations: [2, 1], output_padding: [1, 1], kernel_shape: [3, 2] },
        ],
      ],
    },
    [
      'TersorSlice',
      'Conv2DTranspose',
      'ZeroPadding2D',
      'BatchNormalization',
      'TersorSlice',
      'Conv2DTranspose',
      'ZeroPadding2D',
      'BatchNormalization',
      'Concatenate',
    ],
  ],
  'the largest values of dilated windows': [
    {
      ...image,
      nodes: [
        [
          'MaxPool',
          ['x'],
          ['y'],
          { kernel_shape: [3, 2], dilations: [2, 3], strides: [2, 1], pads: [2, 1, 1, 0], ceil_mode: 1 },
        ],
      ],
    },
    [
      'TersorPad2D',
      'TersorSlice',
      'TersorSlice',
      'TersorSlice',
      'Maximum',
      'TersorSlice',
      'TersorSlice',
      'Maximum',
    ],
  ],
  'normalization by image and channel': [
    {
      ...image,
      constants: { s: { shape: [4] }, b: { shape: [4] } },
      nodes: [['InstanceNormalization', ['x', 's', 'b'], ['y']]],
    },
    [
      'GlobalAveragePooling2D',
      'Reshape',
      'TersorSubtract',
      'TersorPower',
      'GlobalAveragePooling2D',
      'BatchNormalization',
      'TersorPower',
      'Reshape',
      'Multiply',
      'BatchNormalization',
    ],
  ],
  'normalization by groups of channels': [
    {
      ...image,
      opset: 21,
      constants: { s: { shape: [4] }, b: { shape: [4] } },
      nodes: [['GroupNormalization', ['x', 's', 'b'], ['y'], { num_groups: 2 }]],
    },
    [
      'TersorChannelShuffle',
      'Reshape',
      'GlobalAveragePooling2D',
      'Reshape',
      'Reshape',
      'TersorSubtract',
      'TersorPower',
      'Reshape',
      'Permute',
      'Reshape',
      'GlobalAveragePooling2D',
      'BatchNormalization',
      'TersorPower',
      'Reshape',
      'Multiply',
      'Reshape',
      'BatchNormalization',
    ],
  ],
  'a channel that is spread over all positions': [
    {
      ...image,
      constants: { shape: { shape: [4], values: [1, 4, 6, 8], int64: true } },
      nodes: [
        ['GlobalAveragePool', ['x'], ['a']],
        ['Expand', ['a', 'shape'], ['b']],
        ['Concat', ['x', 'b'], ['y'], { axis: 1 }],
      ],
    },
    ['GlobalAveragePooling2D', 'Reshape', 'UpSampling2D', 'Concatenate'],
  ],
  'weights that are scaled as the network runs': [
    {
      ...image,
      constants: {
        w: { shape: [5, 4, 3, 3] },
        tiny: { shape: [], values: [1e-3] },
        axes: { shape: [3], values: [1, 2, 3], int64: true },
      },
      nodes: [
        ['ReduceMean', ['w'], ['m'], { axes: [1, 2, 3] }],
        ['Sub', ['w', 'm'], ['c']],
        ['Mul', ['c', 'c'], ['s']],
        ['ReduceSum', ['s', 'axes'], ['v']],
        ['Max', ['v', 'tiny'], ['v2']],
        ['Sqrt', ['v2'], ['d']],
        ['Div', ['c', 'd'], ['w2']],
        ['Conv', ['x', 'w2'], ['y']],
      ],
    },
    ['Conv2D'],
  ],
  'Gelu by erf': [
    {
      ...image,
      constants: { root: { shape: [], values: [Math.SQRT2] }, one: { shape: [], values: [1] }, half },
      nodes: [
        ['Div', ['x', 'root'], ['a']],
        ['Erf', ['a'], ['b']],
        ['Add', ['b', 'one'], ['c']],
        ['Mul', ['x', 'c'], ['d']],
        ['Mul', ['d', 'half'], ['y']],
      ],
    },
    ['Activation'],
  ],
  'hard swish by Clip': [
    {
      ...image,
      constants: {
        three: { shape: [], values: [3] },
        zero: { shape: [], values: [0] },
        six: { shape: [], values: [6] },
      },
      nodes: [
        ['Add', ['x', 'three'], ['a']],
        ['Clip', ['a', 'zero', 'six'], ['b']],
        ['Mul', ['x', 'b'], ['c']],
        ['Div', ['c', 'six'], ['y']],
      ],
    },
    ['TersorHardSigmoid', 'Multiply'],
  ],
  'a channel shuffle by Reshape and Transpose': [
    {
      ...image,
      constants: {
        apart: { shape: [5], values: [-1, 2, 2, 6, 8], int64: true },
        again: { shape: [4], values: [-1, 4, 6, 8], int64: true },
      },
      nodes: [
        ['Reshape', ['x', 'apart'], ['a']],
        ['Transpose', ['a'], ['b'], { perm: [0, 2, 1, 3, 4] }],
        ['Reshape', ['b', 'again'], ['y']],
      ],
    },
    ['TersorChannelShuffle'],
  ],
  'a head that flattens channels first': [
    {
      ...image,
      constants: { kernel: { shape: [192, 5] }, bias: { shape: [5] } },
      nodes: [
        ['Flatten', ['x'], ['a']],
        ['Gemm', ['a', 'kernel', 'bias'], ['y']],
      ],
    },
    ['Flatten', 'Dense'],
  ],
  'squeeze and excitation': [
    {
      ...image,
      constants: { down: { shape: [2, 4, 1, 1] }, up: { shape: [4, 2, 1, 1] } },
      nodes: [
        ['ReduceMean', ['x'], ['a'], { axes: [2, 3], keepdims: 1 }],
        ['Conv', ['a', 'down'], ['b']],
        ['Relu', ['b'], ['c']],
        ['Conv', ['c', 'up'], ['d']],
        ['Sigmoid', ['d'], ['e']],
        ['Mul', ['e', 'x'], ['y']],
      ],
    },
    ['GlobalAveragePooling2D', 'Reshape', 'Conv2D', 'Activation', 'Conv2D', 'Activation', 'Multiply'],
  ],
  'a norm over channels between transposes': [
    {
      ...image,
      constants: { scale: { shape: [4] }, shift: { shape: [4] } },
      nodes: [
        ['Transpose', ['x'], ['a'], { perm: [0, 2, 3, 1] }],
        ['LayerNormalization', ['a', 'scale', 'shift'], ['b'], { axis: -1 }],
        ['Transpose', ['b'], ['y'], { perm: [0, 3, 1, 2] }],
      ],
    },
    ['LayerNormalization'],
  ],
  'shapes worked out at run time': [
    {
      ...image,
      constants: {
        first: { shape: [], values: [0], int64: true },
        axis: { shape: [1], values: [0], int64: true },
        rest: { shape: [1], values: [-1], int64: true },
        kernel: { shape: [192, 3] },
      },
      nodes: [
        ['Shape', ['x'], ['s']],
        ['Gather', ['s', 'first'], ['n'], { axis: 0 }],
        ['Unsqueeze', ['n', 'axis'], ['m']],
        ['Concat', ['m', 'rest'], ['t'], { axis: 0 }],
        ['Reshape', ['x', 't'], ['a']],
        ['MatMul', ['a', 'kernel'], ['y']],
      ],
    },
    ['Flatten', 'Dense'],
  ],
  'a max pooling with padding after a ReLU, by layers that stock TensorFlow.js has': [
    {
      ...image,
      nodes: [
        ['Relu', ['x'], ['a']],
        ['MaxPool', ['a'], ['y'], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
      ],
    },
    ['Activation', 'ZeroPadding2D', 'MaxPooling2D'],
  ],
  'a convolution with strides and dilation': [
    {
      ...image,
      constants: { kernel: { shape: [3, 4, 2, 2] } },
      nodes: [['Conv', ['x', 'kernel'], ['y'], { strides: [2, 2], dilations: [2, 2], pads: [1, 1, 1, 1] }]],
    },
    ['Conv2D', 'TersorSlice', 'TersorSlice'],
  ],
  'pixels shuffled into positions': [
    { ...image, nodes: [['DepthToSpace', ['x'], ['y'], { blocksize: 2, mode: 'CRD' }]] },
    ['Reshape', 'Permute', 'Reshape'],
  ],
};
