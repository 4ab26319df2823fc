import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayerGraph } from '@tersor/core';
import fc from 'fast-check';
import * as topologies from '../../test/topologies.js';
import { zeroSlices } from '../../test/zero-slices.js';
import { channelGroups } from '../groups/channel-groups.js';
import { graphFromModel } from '../graph/model-graph.js';
import { removeAll } from '../surgery/remove-channels.js';
import { cost } from './cost.js';
import { channelCost } from './channel-cost.js';

beforeAll(() => tf.setBackend('cpu'));

async function read(model: tfl.LayersModel): Promise<LayerGraph> {
  const graph = await graphFromModel(model);
  model.dispose();
  return graph;
}

const { layers } = tfl;

test.each([
  [
    'convolution',
    layers.conv2d({ filters: 5, kernelSize: 3, strides: 2, padding: 'same', inputShape: [8, 8, 3] }),
    3 * 3 * 3 * 5 + 5,
    4 * 4 * 3 * 3 * 3 * 5,
  ],
  [
    'depthwise convolution',
    layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', useBias: false, inputShape: [8, 8, 3] }),
    27,
    64 * 27,
  ],
  [
    'separable convolution',
    layers.separableConv2d({ filters: 4, kernelSize: 3, padding: 'valid', inputShape: [8, 8, 3] }),
    27 + 12 + 4,
    36 * (27 + 12),
  ],
  [
    'convolution with channels first',
    layers.conv2d({
      filters: 5,
      kernelSize: 3,
      strides: 2,
      padding: 'same',
      dataFormat: 'channelsFirst',
      inputShape: [3, 8, 6],
    }),
    3 * 3 * 3 * 5 + 5,
    4 * 3 * 3 * 3 * 3 * 5,
  ],
  [
    'transposed convolution with channels first',
    layers.conv2dTranspose({
      filters: 4,
      kernelSize: 2,
      strides: 2,
      dataFormat: 'channelsFirst',
      inputShape: [3, 8, 6],
    }),
    2 * 2 * 4 * 3 + 4,
    48 * 48,
  ],
  [
    'transposed convolution',
    layers.conv2dTranspose({ filters: 4, kernelSize: 2, strides: 2, inputShape: [8, 8, 3] }),
    2 * 2 * 4 * 3 + 4,
    64 * 48,
  ],
  ['dense layer', layers.dense({ units: 7, inputShape: [9] }), 70, 63],
  ['dense layer over positions', layers.dense({ units: 7, inputShape: [2, 3, 9] }), 70, 6 * 63],
  [
    'batch norm (its moving statistics are not learned)',
    layers.batchNormalization({ inputShape: [8, 8, 3] }),
    6,
    0,
  ],
])('%s by hand', async (_, layer, parameters, macs) => {
  expect(cost(await read(tfl.sequential({ layers: [layer] })))).toMatchObject({
    parameters,
    macs,
    macsWithoutZeroSlices: macs,
  });
});

test('the ResNet-20 of the paper: 40.6 million multiply-adds; 0.27 million parameters', async () => {
  const graph = await topologies.resnet20(16, 32);
  const { parameters, macs } = cost(graph);
  // Counted by hand: the 3x3 convolutions, the two projections, and a classifier of three classes.
  expect(macs).toBe(40_550_400 + 2 * 131_072 + 64 * 3);
  expect(parameters).toBeGreaterThan(270_000);
  expect(parameters).toBeLessThan(275_000);
});

test('slices that are all zero are not counted as work', async () => {
  const graph = await read(
    tfl.sequential({
      layers: [
        layers.conv2d({
          filters: 2,
          kernelSize: 3,
          padding: 'same',
          useBias: false,
          inputShape: [4, 4, 2],
          kernelInitializer: 'ones',
        }),
      ],
    }),
  );
  const [conv] = graph.layers.filter(({ className }) => className === 'Conv2D');
  const zeroed = (at: (slice: number, position: number) => boolean) => ({
    ...graph,
    layers: graph.layers.map((layer) =>
      layer === conv
        ? {
            ...layer,
            weights: layer.weights.map((weight) => ({
              ...weight,
              data: weight.data.map((value, i) => (at(i % 4, Math.floor(i / 4)) ? 0 : value)),
            })),
          }
        : layer,
    ),
  });
  expect(cost(zeroed((slice) => slice === 2))).toMatchObject({
    macs: 16 * 36,
    macsWithoutZeroSlices: 16 * 27,
  });
  expect(cost(zeroed((slice, position) => slice === 2 && position < 8)).macsWithoutZeroSlices).toBe(16 * 36);
});

test('an open size cannot be counted, and the error says what to do', async () => {
  const graph = await read(
    tfl.sequential({
      layers: [layers.conv2d({ name: 'first', filters: 5, kernelSize: 3, inputShape: [null, null, 3] })],
    }),
  );
  expect(() => cost(graph)).toThrow(
    expect.objectContaining({ code: 'MODEL_UNSUPPORTED', message: expect.stringContaining('first') }),
  );
});

test.each(['resnet20', 'denseBlock', 'mobilenetV2', 'vgg'] as const)(
  '%s: the cost of channel counts is that of the pruned network',
  async (name) => {
    const graph = await topologies[name]();
    const { groups } = channelGroups(graph);
    const costAt = channelCost(graph, groups);
    const counts = fc.tuple(...groups.map(({ channels }) => fc.integer({ min: 1, max: channels })));
    fc.assert(
      fc.property(counts, (keepCounts) => {
        const pruned = cost(
          removeAll(
            graph,
            groups.map((group, i) => ({ group, keep: Array.from({ length: keepCounts[i]! }, (_, k) => k) })),
          ),
        );
        expect(costAt(keepCounts)).toMatchObject({
          macs: pruned.macs,
          parameters: pruned.parameters,
        });
      }),
      { numRuns: 25, seed: 3 },
    );
  },
);

test.each(['resnet20', 'denseBlock', 'mobilenetV2', 'vgg'] as const)(
  '%s: without zeroed slices no more is left than was told, wherever they are',
  async (name) => {
    const graph = await topologies[name]();
    const { groups } = channelGroups(graph);
    const costAt = channelCost(graph, groups);
    const choices = fc.tuple(
      ...groups.map(({ channels }) =>
        fc.tuple(fc.integer({ min: 1, max: channels }), fc.double({ min: 0.05, max: 1, noNaN: true })),
      ),
    );
    fc.assert(
      fc.property(
        choices,
        fc.constantFrom('first' as const, 'last' as const, 'scattered' as const),
        (chosen, which) => {
          const pruner = zeroSlices(graph, which, groups);
          const removals = groups.map((group, i) => ({
            group,
            keep: Array.from({ length: chosen[i]![0] }, (_, k) => k),
          }));
          const channels = removals.map(({ group, keep }) => ({ pruner: 'c', group: group.name, keep }));
          const sparse = pruner.apply(
            graph,
            groups.map((group, i) => pruner.plan(group, { slices: chosen[i]![1] }, channels)),
          );
          const pruned = cost(removeAll(sparse, removals));
          const told = costAt(
            chosen.map(([keep]) => keep),
            chosen.map(([, share]) => share),
          );
          expect(told).toMatchObject({ macs: pruned.macs, parameters: pruned.parameters });
          expect(told.macsWithoutZeroSlices).toBeGreaterThanOrEqual(pruned.macsWithoutZeroSlices);
          expect(told.macsWithoutZeroSlices).toBeLessThanOrEqual(pruned.macs);
        },
      ),
      { numRuns: 15, seed: 4 },
    );
  },
);
