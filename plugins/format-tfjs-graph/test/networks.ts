import { attribute, GraphFixture } from './graph-fixture.js';

const { text, texts, integers, integer, number, flag } = attribute;

const window = (stride: number, padding = 'SAME') => ({
  strides: integers(1, stride, stride, 1),
  dilations: integers(1, 1, 1, 1),
  padding: text(padding),
  data_format: text('NHWC'),
});

/** A small network: what converters fuse and spell out: scaled input, folded norms, a gate, a residual. */
export function classifier(): GraphFixture {
  const g = new GraphFixture();
  const image = g.input([8, 8, 3]);
  const shifted = g.node('shifted', 'Sub', [image, g.constant('mean', [3], [0.4, 0.5, 0.6])]);
  const scaled = g.node('scaled', 'Mul', [shifted, g.constant('scale', [1, 1, 1, 3], [2, 3, 4])]);
  const stem = g.node(
    'stem',
    '_FusedConv2D',
    [scaled, g.constant('stem/w', [3, 3, 3, 8]), g.constant('stem/b', [8])],
    {
      ...window(2),
      fused_ops: texts('BiasAdd', 'Relu6'),
      num_args: integer(1),
    },
  );
  const deep = g.node(
    'deep',
    'FusedDepthwiseConv2dNative',
    [stem, g.constant('deep/w', [3, 3, 8, 1]), g.constant('deep/b', [8])],
    { ...window(1), fused_ops: texts('BiasAdd', 'Relu6'), num_args: integer(1) },
  );
  const wide = g.node('wide', 'Conv2D', [deep, g.constant('wide/w', [1, 1, 8, 8])], window(1));
  const biased = g.node('biased', 'BiasAdd', [wide, g.constant('wide/b', [8])]);
  const norm = g.node(
    'norm',
    'FusedBatchNormV3',
    [
      biased,
      ...['gamma', 'beta', 'mean', 'variance'].map((key) =>
        g.constant(`norm/${key}`, [8], key === 'variance' ? [1, 2, 3, 4, 5, 6, 7, 8] : undefined),
      ),
    ],
    { epsilon: number(0.01), is_training: flag(false), data_format: text('NHWC') },
  );
  const sum = g.node('sum', 'AddV2', [norm, stem]);
  const squeezed = g.node('squeezed', 'Mean', [sum, g.integers('axes', [1, 2])], { keep_dims: flag(true) });
  const gate = g.node('gate', 'Conv2D', [squeezed, g.constant('gate/w', [1, 1, 8, 8])], window(1));
  const three = g.node('three', 'AddV2', [gate, g.scalar('3', 3, 'float32')]);
  const clipped = g.node('clipped', 'Relu6', [three]);
  const sixth = g.node('sixth', 'Mul', [clipped, g.scalar('1/6', 1 / 6, 'float32')]);
  const excited = g.node('excited', 'Mul', [sum, sixth]);
  const mean = g.node('mean_', 'Mean', [excited, g.integers('axes_', [1, 2])], { keep_dims: flag(false) });
  const logits = g.node(
    'logits',
    '_FusedMatMul',
    [mean, g.constant('head/w', [8, 4]), g.constant('head/b', [4])],
    {
      fused_ops: texts('BiasAdd'),
      num_args: integer(1),
      transpose_a: flag(false),
      transpose_b: flag(false),
    },
  );
  g.node('output', 'Identity', [g.node('softmax', 'Softmax', [logits])]);
  return g;
}

/** Every operator of shapes, sizes and parts. */
export function shapes(): GraphFixture {
  const g = new GraphFixture();
  const image = g.input([6, 8, 4]);
  const pads = (name: string, values: number[]) => g.constant(name, [4, 2], values, 'int32');
  const wide = g.node('wide', 'Pad', [image, pads('p1', [0, 0, 1, 0, 0, 1, 0, 2])]);
  const mirrored = g.node('mirrored', 'MirrorPad', [wide, pads('p2', [0, 0, 1, 1, 2, 0, 0, 0])], {
    mode: text('REFLECT'),
  });
  const filled = g.node('filled', 'PadV2', [
    mirrored,
    pads('p3', [0, 0, 0, 1, 1, 0, 0, 0]),
    g.scalar('fill', 0.5, 'float32'),
  ]);
  const [left, right] = [0, 1].map((i) => `halves:${i}`);
  g.node('halves', 'Split', [g.scalar('axis', 3), filled], { num_split: integer(2) });
  const pooled = g.node('pooled', 'MaxPool', [left!], { ksize: integers(1, 2, 2, 1), ...window(2, 'VALID') });
  const averaged = g.node('averaged', 'AvgPool', [right!], { ksize: integers(1, 3, 3, 1), ...window(2) });
  const large = g.node('large', 'ResizeBilinear', [pooled, g.integers('s1', [9, 7])], {
    align_corners: flag(false),
    half_pixel_centers: flag(true),
  });
  const aligned = g.node('aligned', 'ResizeBilinear', [averaged, g.integers('s2', [9, 7])], {
    align_corners: flag(true),
  });
  const joined = g.node('joined', 'ConcatV2', [large, aligned, g.scalar('axis_', -1)]);
  const nearest = g.node('nearest', 'ResizeNearestNeighbor', [joined, g.integers('s3', [18, 14])], {});
  const part = g.node(
    'part',
    'StridedSlice',
    [
      nearest,
      ...[
        [0, 1, 0, 0],
        [0, 17, 14, 6],
        [1, 2, 1, 1],
      ].map((v, i) => g.integers(`r${i}`, v)),
    ],
    {
      begin_mask: integer(0b1101),
      end_mask: integer(0b1101),
      ellipsis_mask: integer(0),
      new_axis_mask: integer(0),
      shrink_axis_mask: integer(0),
    },
  );
  const slopes = g.node('slopes', 'Prelu', [part, g.constant('alpha', [1, 1, 6])]);
  const leaky = g.node('leaky', 'LeakyRelu', [slopes], { alpha: number(0.3) });
  const up = g.node(
    'up',
    'Conv2DBackpropInput',
    [g.integers('up/size', [2, 16, 28, 5]), g.constant('up/w', [3, 3, 5, 6]), leaky],
    window(2),
  );
  const turned = g.node('turned', 'Transpose', [up, g.integers('order', [0, 2, 3, 1])]);
  // The shape of what comes next, put together from that of the image as exporters do it.
  const shape = g.node('shape', 'Shape', [turned]);
  const batch = g.node(
    'batch',
    'StridedSlice',
    [shape, g.integers('b0', [0]), g.integers('b1', [1]), g.integers('b2', [1])],
    {
      shrink_axis_mask: integer(1),
    },
  );
  const target = g.node('target', 'Pack', [batch, g.scalar('minus', -1), g.scalar('five', 5)], {
    N: integer(3),
  });
  const rows = g.node('rows', 'Reshape', [turned, target]);
  g.node('output', 'Identity', [rows]);
  g.node('sums', 'Sum', [leaky, g.integers('axes', [1, 2])], { keep_dims: flag(true) });
  return g;
}

/** Arithmetic with numbers, vectors and tensors. */
export function arithmetic(): GraphFixture {
  const g = new GraphFixture();
  const image = g.input([4, 4, 3]);
  const number_ = (name: string, value: number) => g.scalar(name, value, 'float32');
  const other = g.node('other', 'Conv2D', [image, g.constant('w', [1, 1, 3, 3])], window(1));
  // What becomes the bias is read twice: what is added to it on one side is not a part of it.
  const biased = g.node('biased', 'BiasAdd', [
    g.node('plain', 'Conv2D', [image, g.constant('v', [1, 1, 3, 3])], window(1)),
    g.constant('bias', [3]),
  ]);
  const more = g.node('added', 'AddV2', [biased, g.constant('vector', [3])]);
  const both = g.node('both', 'Mul', [biased, more]);
  const one = g.node('one', 'RealDiv', [image, number_('two', 2)]);
  const rest = g.node('rest', 'Sub', [number_('half', 0.5), one]);
  const above = g.node('above', 'Maximum', [rest, number_('low', -0.2)]);
  const within = g.node('within', 'Minimum', [above, number_('high', 0.3)]);
  const largest = g.node('largest', 'Maximum', [within, other]);
  const least = g.node('least', 'Minimum', [largest, image]);
  const difference = g.node('difference', 'Sub', [least, g.node('absolute', 'Abs', [other])]);
  const squared = g.node('squared', 'Square', [difference]);
  const positive = g.node('positive', 'AddV2', [squared, number_('more', 0.1)]);
  const root = g.node('root', 'Rsqrt', [positive]);
  const ratio = g.node('ratio', 'RealDiv', [
    number_('1', 1),
    g.node('grown', 'AddN', [root, positive, both]),
  ]);
  const clipped = g.node('clipped', 'Minimum', [
    g.node('zero', 'Maximum', [ratio, number_('0', 0)]),
    number_('6', 6),
  ]);
  const swish = g.node('swish', 'Mul', [clipped, g.node('sigmoid', 'Sigmoid', [clipped])]);
  g.node('output', 'Mul', [swish, g.node('elu', 'Elu', [g.node('negative', 'Neg', [other])])]);
  return g;
}
