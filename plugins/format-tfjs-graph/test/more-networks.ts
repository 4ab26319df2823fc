import { attribute, GraphFixture } from './graph-fixture.js';

const { text, integers, integer, number, flag } = attribute;

const window = (stride: number) => ({
  strides: integers(1, stride, stride, 1),
  dilations: integers(1, 1, 1, 1),
  padding: text('SAME'),
  data_format: text('NHWC'),
});

/** Blocks of positions, parts in any order, repeats, sums over channels, and shapes of one number. */
export function parts(): GraphFixture {
  const g = new GraphFixture();
  const image = g.input([4, 6, 8]);
  const space = g.node('space', 'DepthToSpace', [image], {
    block_size: integer(2),
    data_format: text('NHWC'),
  });
  const wide = g.node('wide', 'Conv2D', [space, g.constant('w', [1, 1, 2, 3])], window(1));
  // TensorFlow.js has no SpaceToDepth: its blocks are compared with those that were made before.
  const tiled = g.node('tiled', 'Tile', [wide, g.integers('times', [1, 1, 2, 2])]);
  const picked = g.node('picked', 'GatherV2', [
    tiled,
    g.integers('index', [5, 0, 1, 3]),
    g.scalar('axis', 3),
  ]);
  const [a, b] = ['unpacked', 'unpacked:1'];
  g.node(
    'unpacked',
    'Unpack',
    [g.node('pair', 'GatherV2', [picked, g.integers('two', [1, 2]), g.scalar('axis3', 3)])],
    {
      axis: integer(3),
      num: integer(2),
    },
  );
  const stacked = g.node('stacked', 'Pack', [a!, b!], { axis: integer(-1), N: integer(2) });
  const apart = g.node('apart', 'SquaredDifference', [stacked, g.node('plain', 'Relu', [stacked])]);
  const joined = g.node('joined', 'ConcatV2', [picked, apart, g.scalar('axis_', 3)]);
  const powered = g.node('powered', 'Pow', [
    g.node('positive', 'Sigmoid', [joined]),
    g.scalar('p', 1.5, 'float32'),
  ]);
  const range = (name: string, values: number[][]) => values.map((v, i) => g.integers(`${name}${i}`, v));
  const cut = g.node(
    'cut',
    'StridedSlice',
    [
      powered,
      ...range('r', [
        [0, 1, 0],
        [0, 5, 0],
        [1, 2, 1],
      ]),
    ],
    {
      begin_mask: integer(0b100),
      end_mask: integer(0b100),
      ellipsis_mask: integer(0b001),
      new_axis_mask: integer(0b100),
      shrink_axis_mask: integer(0b000),
    },
  );
  const flat = g.node('flat', 'Reshape', [cut, g.integers('rows', [-1, 192, 2])]);
  const summed = g.node('summed', 'Sum', [flat, g.integers('last', [2])], { keep_dims: flag(false) });
  const mean = g.node('mean', 'Mean', [summed, g.integers('only', [1])], { keep_dims: flag(false) });
  const halved = g.node('halved', 'Mul', [mean, g.scalar('half', 0.5, 'float32')]);
  const root = g.node('root', 'Rsqrt', [g.node('one', 'ExpandDims', [halved, g.scalar('last_', -1)])]);
  g.node('output', 'Mul', [summed, root]);
  return g;
}

/** A network of channels first, as converters from ONNX write it: every operator between two transposes. */
export function channelsFirst(): GraphFixture {
  const g = new GraphFixture();
  const dim = [-1, 3, 8, 10].map((size) => ({ size: String(size) }));
  g.node('image', 'Placeholder', [], { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim } } });
  let count = 0;
  const turned = (x: string, order: number[]) =>
    g.node(`turn_${count}`, 'Transpose', [x, g.integers(`order_${count++}`, order)]);
  const convolved = (x: string, name: string, inputs: number, outputs: number) => {
    const last = turned(x, [0, 2, 3, 1]);
    const kernel = g.constant(`${name}/w`, [3, 3, inputs, outputs]);
    const strides = { ...window(1), padding: text('VALID') };
    return turned(g.node(name, 'Conv2D', [last, kernel], strides), [0, 3, 1, 2]);
  };
  const pads = (name: string) => g.constant(name, [4, 2], [0, 0, 0, 0, 1, 1, 1, 1], 'int32');
  const first = convolved(g.node('padded', 'Pad', ['image', pads('p0')]), 'first', 3, 6);
  const biased = g.node('biased', 'AddV2', [first, g.constant('bias', [1, 6, 1, 1])]);
  const leaky = g.node('leaky', 'LeakyRelu', [biased], { alpha: number(0.1) });
  g.node('halves', 'Split', [g.scalar('axis', 1), leaky], { num_split: integer(2) });
  const swapped = g.node('swapped', 'ConcatV2', ['halves:1', 'halves:0', g.scalar('axis_', 1)]);
  const second = convolved(g.node('again', 'Pad', [swapped, pads('p1')]), 'second', 6, 6);
  const sum = g.node('sum', 'AddV2', [second, leaky]);
  const last = convolved(g.node('wide', 'Pad', [sum, pads('p2')]), 'third', 6, 4);
  g.node('output', 'Reshape', [last, g.integers('shape', [-1, 320])]);
  return g;
}
