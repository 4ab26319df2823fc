import type { Model, Node } from './build-onnx.js';

/** Nodes that make `part` of `seed` ([1, 4, 4, 4]), and the constants that they read. */
export interface PartCase {
  readonly nodes: readonly Node[];
  readonly constants?: Model['constants'];
  readonly opset?: number;
}

const ints = (...values: number[]) => ({ shape: [values.length], values, int64: true as const });
const one = (type: string, attributes: NonNullable<Node[3]> = {}): PartCase => ({
  nodes: [[type, ['seed'], ['part'], attributes]],
});

/** A node that reads the seed and constants: lists of whole numbers, or floats drawn for a shape. */
const given = (
  type: string,
  constants: NonNullable<Model['constants']>,
  attributes: NonNullable<Node[3]> = {},
): PartCase => ({ nodes: [[type, ['seed', ...Object.keys(constants)], ['part'], attributes]], constants });

/** Something that is true or false, as floats. */
const test = (...nodes: Node[]): PartCase => ({ nodes: [...nodes, ['Cast', ['is'], ['part'], { to: 1 }]] });

/** Every operator that can be a step of a part, and forms of it. */
export const PART_CASES: Readonly<Record<string, PartCase>> = {
  ...Object.fromEntries(
    [
      ...['Abs', 'Neg', 'Exp', 'Sin', 'Cos', 'Atan', 'Tanh', 'Sinh', 'Sigmoid', 'Relu', 'Softplus', 'Erf'],
      ...['Floor', 'Ceil', 'Round', 'Sign', 'LeakyRelu', 'HardSigmoid', 'HardSwish', 'Identity', 'Dropout'],
    ].map((type) => [type, one(type)]),
  ),
  'Log, Sqrt, Reciprocal, Cosh': {
    nodes: [
      ['Cosh', ['seed'], ['a']],
      ['Log', ['a'], ['b']],
      ['Sqrt', ['b'], ['c']],
      ['Add', ['c', 'one'], ['d']],
      ['Reciprocal', ['d'], ['part']],
    ],
    constants: { one: { shape: [], values: [1] } },
  },
  'Tan, Asin, Acos': {
    nodes: [
      ['Tanh', ['seed'], ['a']],
      ['Tan', ['a'], ['b']],
      ['Asin', ['a'], ['c']],
      ['Acos', ['a'], ['d']],
      ['Sub', ['b', 'c'], ['e']],
      ['Mul', ['d', 'e'], ['part']],
    ],
  },
  'Pow of a product, Div': {
    nodes: [
      ['Pow', ['seed', 'two'], ['a']],
      ['Add', ['a', 'one'], ['b']],
      ['Div', ['seed', 'b'], ['part']],
    ],
    constants: { two: { shape: [], values: [2] }, one: { shape: [], values: [1] } },
  },
  'Max, Min, Sum of three': {
    nodes: [
      ['Max', ['seed', 'low', 'row'], ['a']],
      ['Min', ['a', 'seed', 'row'], ['b']],
      ['Sum', ['a', 'b', 'row'], ['part']],
    ],
    constants: { low: { shape: [], values: [-0.2] }, row: { shape: [1, 4, 1, 4] } },
  },
  'Mod of whole numbers': {
    nodes: [
      ['Cast', ['seed'], ['whole'], { to: 7 }],
      ['Mod', ['whole', 'three'], ['rest']],
      ['Cast', ['rest'], ['part'], { to: 1 }],
    ],
    constants: { three: { shape: [], values: [3], int64: true } },
  },
  Clip: given('Clip', { low: { shape: [], values: [-0.3] }, high: { shape: [], values: [0.4] } }),
  'Clip of opset 7': { ...one('Clip', { min: { float: -0.3 }, max: { float: 0.4 } }), opset: 7 },
  PRelu: given('PRelu', { slope: { shape: [4, 1, 1] } }),
  'Gelu of opset 20': { ...one('Gelu'), opset: 20 },
  'Gelu by tanh': { ...one('Gelu', { approximate: 'tanh' }), opset: 20 },
  'Less, Or, Not': test(
    ['Less', ['seed', 'row'], ['a']],
    ['GreaterOrEqual', ['seed', 'low'], ['b']],
    ['Not', ['b'], ['c']],
    ['Or', ['a', 'c'], ['is']],
  ),
  'Greater, LessOrEqual, Equal, And': test(
    ['Greater', ['seed', 'row'], ['a']],
    ['LessOrEqual', ['seed', 'low'], ['b']],
    ['Equal', ['a', 'b'], ['c']],
    ['And', ['c', 'a'], ['is']],
  ),
  Where: {
    nodes: [
      ['Cast', ['seed'], ['is'], { to: 9 }],
      ['Less', ['seed', 'low'], ['less']],
      ['And', ['is', 'less'], ['both']],
      ['Where', ['both', 'seed', 'row'], ['part']],
    ],
  },
  'MatMul and Gemm': {
    nodes: [
      ['MatMul', ['seed', 'seed'], ['a']],
      ['Reshape', ['a', 'rows'], ['b']],
      ['Gemm', ['b', 'b', 'bias'], ['c'], { alpha: { float: 0.5 }, beta: { float: 2 }, transB: 1 }],
      ['Slice', ['c', 'zero', 'four'], ['d']],
      ['ReduceMean', ['d'], ['e'], { axes: [1], keepdims: 0 }],
      ['Reshape', ['e', 'again'], ['part']],
    ],
    constants: {
      rows: ints(16, 4),
      zero: ints(0),
      four: ints(4),
      again: ints(1, 1, 1, 4),
      bias: { shape: [16] },
    },
  },
  ...Object.fromEntries(
    ['ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceProd', 'ReduceL1', 'ReduceL2', 'ReduceSumSquare'].map(
      (type) => [type, one(type, { axes: [1, -1] })],
    ),
  ),
  'ReduceSum of all': one('ReduceSum'),
  'ReduceSum that drops an axis': {
    nodes: [
      ['ReduceSum', ['seed', 'axes'], ['a'], { keepdims: 0 }],
      ['Unsqueeze', ['a', 'axes'], ['part']],
    ],
    constants: { axes: ints(2) },
  },
  'ArgMax, ArgMin': {
    nodes: [
      ['ArgMax', ['seed'], ['a'], { axis: -1 }],
      ['ArgMin', ['seed'], ['b'], { axis: 3, keepdims: 0 }],
      ['Unsqueeze', ['b', 'last'], ['c']],
      ['Sub', ['a', 'c'], ['d']],
      ['Cast', ['d'], ['part'], { to: 1 }],
    ],
    constants: { last: ints(-1) },
  },
  Softmax: one('Softmax'),
  'Softmax over channels': one('Softmax', { axis: 1 }),
  'Softmax of opset 11, over all after an axis': { ...one('Softmax', { axis: 2 }), opset: 11 },
  LogSoftmax: one('LogSoftmax', { axis: 2 }),
  CumSum: given('CumSum', { axis: { shape: [], values: [2], int64: true } }, { exclusive: 1, reverse: 1 }),
  'CumSum, forwards': given('CumSum', { axis: { shape: [], values: [-1], int64: true } }),
  LayerNormalization: given(
    'LayerNormalization',
    { scale: { shape: [4, 4] }, shift: { shape: [4, 4] } },
    { axis: 2 },
  ),
  'Flatten, Squeeze': {
    nodes: [
      ['Flatten', ['seed'], ['a'], { axis: 2 }],
      ['Transpose', ['a'], ['b']],
      ['Softmax', ['b'], ['c'], { axis: 0 }],
      ['Reshape', ['c', 'shape'], ['d']],
      ['Squeeze', ['d', 'front'], ['e']],
      ['Unsqueeze', ['e', 'front'], ['part']],
    ],
    constants: { shape: ints(1, 4, -1, 4), front: ints(0) },
  },
  'the batch moved behind other axes': {
    nodes: [
      ['Reshape', ['seed', 'apart'], ['a']],
      ['Transpose', ['a'], ['b'], { perm: [2, 1, 0, 3] }],
      ['Softmax', ['b'], ['c']],
      ['Transpose', ['c'], ['d'], { perm: [2, 1, 0, 3] }],
      ['Reshape', ['d', 'again'], ['part']],
    ],
    constants: { apart: ints(1, 8, 2, 4), again: ints(0, 4, 4, -1) },
  },
  'Split, Concat': {
    nodes: [
      ['Split', ['seed'], ['a', 'b'], { axis: 1 }],
      ['Concat', ['b', 'a'], ['c'], { axis: 1 }],
      ['Concat', ['c', 'seed'], ['d'], { axis: -1 }],
      ['ReduceMax', ['d'], ['part'], { axes: [3] }],
    ],
  },
  'Slice, backwards': given('Slice', {
    starts: ints(-1, 0),
    ends: ints(-9, 9),
    axes: ints(2, 3),
    steps: ints(-1, 1),
  }),
  'Slice in steps, Tile': {
    nodes: [
      ['Slice', ['seed', 'start', 'end', 'axis', 'step'], ['a']],
      ['Tile', ['a', 'times'], ['part']],
    ],
    constants: { start: ints(0), end: ints(99), axis: ints(3), step: ints(2), times: ints(1, 1, 1, 2) },
  },
  'Gather in any order': given('Gather', { places: ints(2, -1, 0, 1) }, { axis: 2 }),
  'Gather of places that are worked out': {
    nodes: [
      ['ReduceMean', ['seed'], ['a'], { axes: [0, 1, 2], keepdims: 0 }],
      ['ArgMax', ['a'], ['place'], { axis: 0, keepdims: 1 }],
      ['Gather', ['seed', 'place'], ['part'], { axis: 3 }],
    ],
  },
  GatherND: {
    nodes: [
      ['GatherND', ['seed', 'places'], ['a']],
      ['Reshape', ['a', 'shape'], ['part']],
    ],
    constants: {
      places: { shape: [4, 2], values: [0, 3, 0, 1, 0, 1, 0, 2], int64: true },
      shape: ints(1, 4, 4, 4),
    },
  },
  Expand: {
    nodes: [
      ['ReduceMean', ['seed'], ['a'], { axes: [2] }],
      ['Expand', ['a', 'shape'], ['part']],
    ],
    constants: { shape: ints(1, 1, 4, 1) },
  },
  Pad: {
    nodes: [
      ['Slice', ['seed', 'start', 'end', 'axis'], ['a']],
      ['Pad', ['a', 'pads', 'value'], ['part']],
    ],
    constants: {
      start: ints(1),
      end: ints(3),
      axis: ints(3),
      pads: ints(0, 0, 0, 1, 0, 0, 0, 1),
      value: { shape: [], values: [0.25] },
    },
  },
  'Shape, Size': {
    nodes: [
      ['Shape', ['seed'], ['dims']],
      ['Size', ['seed'], ['count']],
      ['Cast', ['count'], ['float'], { to: 1 }],
      ['Div', ['seed', 'float'], ['a']],
      ['Reshape', ['a', 'dims'], ['part']],
    ],
  },
};

/** Two convolutions, a product of what they give, `part` of that, one more convolution and a classifier. */
export function around({ nodes, constants, opset }: PartCase, batch: number | string = 1): Model {
  const window = { pads: [1, 1, 1, 1], kernel_shape: [3, 3] };
  return {
    opset,
    inputs: { image: [batch, 3, 4, 6] },
    outputs: ['scores'],
    nodes: [
      ['Conv', ['image', 'first', 'first/bias'], ['a1'], window],
      ['Relu', ['a1'], ['a2']],
      ['Conv', ['a2', 'second'], ['a3'], window],
      ['Transpose', ['a3'], ['turned'], { perm: [0, 1, 3, 2] }],
      ['MatMul', ['a3', 'turned'], ['product']],
      ['Mul', ['product', 'small'], ['seed']],
      ...nodes,
      ['Add', ['seed', 'part'], ['sum']],
      ['Conv', ['sum', 'third'], ['a4'], window],
      ['Relu', ['a4'], ['a5']],
      ['GlobalAveragePool', ['a5'], ['mean']],
      ['Flatten', ['mean'], ['flat']],
      ['Gemm', ['flat', 'head', 'head/bias'], ['scores'], {}],
    ],
    constants: {
      first: { shape: [7, 3, 3, 3] },
      'first/bias': { shape: [7] },
      second: { shape: [4, 7, 3, 3] },
      third: { shape: [5, 4, 3, 3] },
      head: { shape: [5, 3] },
      'head/bias': { shape: [3] },
      small: { shape: [], values: [0.01] },
      row: { shape: [1, 1, 1, 4] },
      low: { shape: [], values: [-0.1] },
      ...constants,
    },
  };
}
