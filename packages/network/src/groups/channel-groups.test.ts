import type { GraphLayer, LayerCall, LayerGraph, WeightTensor } from '@tersor/core';
import { channelGroups } from './channel-groups.js';

type Shape = readonly (number | undefined)[];

/**
 * A plain graph, written down: [name, class, inputs, output shape, weight shapes, config]. The last call is
 * the output.
 */
function graphOf(
  ...rows: [string, string, number[], Shape, Record<string, number[]>?, Record<string, unknown>?][]
): LayerGraph {
  const layers = new Map<string, GraphLayer>();
  const calls: LayerCall[] = [];
  for (const [name, className, inputs, outputShape, weights = {}, config = {}] of rows) {
    const tensors = Object.entries(weights).map(
      ([weight, shape]): WeightTensor => ({
        name: weight,
        shape,
        data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
        trainable: true,
      }),
    );
    if (!layers.has(name)) layers.set(name, { name, className, config, weights: tensors });
    calls.push({ layer: name, inputs, outputShape });
  }
  return { name: 'test', layers: [...layers.values()], calls, inputs: [0], outputs: [calls.length - 1] };
}

const INPUT: [string, string, number[], Shape] = ['input', 'InputLayer', [], [4, 4, 3]];
const conv = (
  name: string,
  from: number,
  inputs: number,
  outputs: number,
  config = {},
): [string, string, number[], Shape, Record<string, number[]>, Record<string, unknown>] => [
  name,
  'Conv2D',
  [from],
  [4, 4, outputs],
  { kernel: [1, 1, inputs, outputs], bias: [outputs] },
  config,
];

test('the example of ChannelGroup: convolution, batch norm, convolution', () => {
  const graph = graphOf(
    INPUT,
    conv('conv1', 0, 3, 4),
    ['bn', 'BatchNormalization', [1], [4, 4, 4], { gamma: [4], beta: [4] }],
    conv('conv2', 2, 4, 2),
  );
  expect(channelGroups(graph).groups).toEqual([
    {
      name: 'conv1',
      channels: 4,
      members: [
        { layer: 'conv1', weight: 'kernel', axis: 3, role: 'produces', indexes: [[0], [1], [2], [3]] },
        { layer: 'conv1', weight: 'bias', axis: 0, role: 'carries', indexes: [[0], [1], [2], [3]] },
        { layer: 'bn', weight: 'gamma', axis: 0, role: 'carries', indexes: [[0], [1], [2], [3]] },
        { layer: 'bn', weight: 'beta', axis: 0, role: 'carries', indexes: [[0], [1], [2], [3]] },
        { layer: 'conv2', weight: 'kernel', axis: 2, role: 'consumes', indexes: [[0], [1], [2], [3]] },
      ],
    },
  ]);
});

test.each<[string, LayerGraph, string]>([
  [
    'an unknown layer',
    graphOf(INPUT, conv('a', 0, 3, 4), ['odd', 'Lambda', [1], [4, 4, 4]], conv('b', 2, 4, 2)),
    'odd: not understood (Lambda)',
  ],
  [
    'channels first',
    graphOf(
      INPUT,
      conv('a', 0, 3, 4),
      ['pool', 'MaxPooling2D', [1], [4, 2, 2], {}, { data_format: 'channels_first' }],
      ['b', 'Conv2D', [2], [4, 2, 2], { kernel: [1, 1, 2, 2] }],
    ),
    'pool: channels first are not pruned, only channels last (MaxPooling2D): build the model with data_format "channels_last"',
  ],
  [
    'a convolution with channels first',
    graphOf(INPUT, [
      'a',
      'Conv2D',
      [0],
      [4, 2, 2],
      { kernel: [1, 1, 3, 4] },
      { data_format: 'channels_first' },
    ]),
    'a: channels first are not pruned',
  ],
  [
    'a log softmax, as Keras spells it',
    graphOf(INPUT, conv('a', 0, 3, 4, { activation: 'log_softmax' }), conv('b', 1, 4, 2)),
    'a: log_softmax divides by a sum over all channels',
  ],
  [
    'a log softmax, as tfjs spells it',
    graphOf(
      INPUT,
      conv('a', 0, 3, 4),
      ['act', 'Activation', [1], [4, 4, 4], {}, { activation: 'logSoftmax' }],
      conv('b', 2, 4, 2),
    ),
    'act: logSoftmax divides by a sum over all channels',
  ],
  [
    'a recurrent layer',
    graphOf(INPUT, ['a', 'LSTM', [0], [5], { kernel: [3, 20], recurrent_kernel: [5, 20], bias: [20] }]),
    'a: not understood (LSTM)',
  ],
  [
    'a grouped convolution',
    graphOf(INPUT, conv('a', 0, 3, 4), conv('b', 1, 2, 6), conv('c', 2, 6, 2)),
    'b: not understood (Conv2D used in this way)',
  ],
  [
    'a softmax over channels',
    graphOf(INPUT, conv('a', 0, 3, 4, { activation: 'softmax' }), conv('b', 1, 4, 2)),
    'a: softmax divides by a sum over all channels',
  ],
  [
    'a transpose of the channel axis',
    graphOf(
      INPUT,
      conv('a', 0, 3, 4),
      ['turn', 'Permute', [1], [4, 4, 4], {}, { dims: [3, 1, 2] }],
      conv('b', 2, 4, 2),
    ),
    'turn: not understood (Permute used in this way)',
  ],
  [
    'a sum with the model input',
    graphOf(INPUT, conv('a', 0, 3, 3), ['sum', 'Add', [0, 1], [4, 4, 3]], conv('b', 2, 3, 2)),
    'input: input of the model',
  ],
  ['a lone channel', graphOf(INPUT, conv('a', 0, 3, 1), conv('b', 1, 1, 2)), 'a: a single channel cannot go'],
  [
    'a reshape of open size',
    graphOf(
      INPUT,
      ['a', 'Conv2D', [0], [undefined, 4, 4], { kernel: [1, 1, 3, 4] }],
      ['flat', 'Flatten', [1], [64]],
      ['b', 'Dense', [2], [2], { kernel: [64, 2] }],
    ),
    'flat: not understood (Flatten used in this way)',
  ],
])('%s is a barrier with its reason', (_, graph, reason) => {
  const { groups, barriers } = channelGroups(graph);
  expect(groups.filter(({ name }) => name === 'a')).toEqual([]);
  expect(barriers.find(({ layer }) => layer === 'a')!.reason).toContain(reason);
});

test('after a barrier, channels are free again', () => {
  const graph = graphOf(
    INPUT,
    conv('a', 0, 3, 4),
    ['odd', 'Lambda', [1], [4, 4, 4]],
    conv('b', 2, 4, 5),
    conv('c', 3, 5, 2),
  );
  expect(channelGroups(graph).groups.map(({ name, channels }) => [name, channels])).toEqual([['b', 5]]);
});

test('a depthwise multiplier gives each channel several outputs', () => {
  const graph = graphOf(
    INPUT,
    conv('a', 0, 3, 2),
    ['dw', 'DepthwiseConv2D', [1], [4, 4, 6], { depthwise_kernel: [3, 3, 2, 3], bias: [6] }],
    conv('b', 2, 6, 2),
  );
  const { members } = channelGroups(graph).groups[0]!;
  expect(members.find(({ weight }) => weight === 'depthwise_kernel')!.indexes).toEqual([[0], [1]]);
  expect(members.find(({ layer, weight }) => layer === 'dw' && weight === 'bias')!.indexes).toEqual([
    [0, 1, 2],
    [3, 4, 5],
  ]);
  expect(members.at(-1)!.indexes).toEqual([
    [0, 1, 2],
    [3, 4, 5],
  ]);
});

test('a separable convolution consumes by its pointwise and carries by its depthwise kernel', () => {
  const graph = graphOf(
    INPUT,
    conv('a', 0, 3, 2),
    [
      'sep',
      'SeparableConv2D',
      [1],
      [4, 4, 4],
      { depthwise_kernel: [3, 3, 2, 2], pointwise_kernel: [1, 1, 4, 4] },
    ],
    conv('b', 2, 4, 2),
  );
  const [first, second] = channelGroups(graph).groups;
  expect(first!.members.map(({ weight, role, indexes }) => [weight, role, indexes[1]])).toEqual([
    ['kernel', 'produces', [1]],
    ['bias', 'carries', [1]],
    ['depthwise_kernel', 'carries', [1]],
    ['pointwise_kernel', 'consumes', [2, 3]],
  ]);
  expect(second!.name).toBe('sep');
});

test('a dense layer after which a reshape makes an image: a channel owns one unit per position', () => {
  const graph = graphOf(
    ['input', 'InputLayer', [], [5]],
    ['fc', 'Dense', [0], [12], { kernel: [5, 12] }],
    ['image', 'Reshape', [1], [2, 2, 3], {}, { target_shape: [2, 2, 3] }],
    conv('b', 2, 3, 2),
  );
  const [group] = channelGroups(graph).groups;
  expect(group!.channels).toBe(3);
  expect(group!.members[0]).toMatchObject({
    layer: 'fc',
    axis: 1,
    indexes: [
      [0, 3, 6, 9],
      [1, 4, 7, 10],
      [2, 5, 8, 11],
    ],
  });
});

test('channels of one producer that meet different partners are different groups with names of their own', () => {
  const graph = graphOf(
    INPUT,
    conv('whole', 0, 3, 5),
    conv('left', 0, 3, 2),
    conv('right', 0, 3, 3),
    ['join', 'Concatenate', [2, 3], [4, 4, 5]],
    ['sum', 'Add', [1, 4], [4, 4, 5]],
    conv('b', 5, 5, 2),
  );
  expect(
    channelGroups(graph).groups.map(({ name, channels, members }) => [
      name,
      channels,
      members[0]!.indexes.flat(),
    ]),
  ).toEqual([
    ['whole', 2, [0, 1]],
    ['whole#2', 3, [2, 3, 4]],
  ]);
});

test('a shared layer is cut once, so its inputs agree', () => {
  const graph = graphOf(
    INPUT,
    conv('a', 0, 3, 4),
    conv('b', 0, 3, 4),
    conv('shared', 1, 4, 6),
    conv('shared', 2, 4, 6),
    ['sum', 'Add', [3, 4], [4, 4, 6]],
    conv('out', 5, 6, 2),
  );
  expect(
    channelGroups(graph).groups.map(({ members }) =>
      members.filter(({ role }) => role === 'produces').map(({ layer }) => layer),
    ),
  ).toEqual([['a', 'b'], ['shared']]);
});
