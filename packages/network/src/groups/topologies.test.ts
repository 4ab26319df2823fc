import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { ChannelGroup, LayerGraph } from '@tersor/core';
import { comparePruned, randomRemovals } from '../../test/equivalence.js';
import * as topologies from '../../test/topologies.js';
import { cost } from '../cost/cost.js';
import { channelGroups } from './channel-groups.js';

beforeAll(() => tf.setBackend('cpu'));

/** Prunes by several random plans; every one must equal the masked network. */
async function expectEquivalence(graph: LayerGraph): Promise<void> {
  for (let seed = 0; seed < 5; seed++) {
    const { difference, pruned, removed } = await comparePruned(graph, randomRemovals(graph, seed), seed);
    expect(difference).toBeLessThan(1e-4);
    if (removed > 0) expect(cost(pruned).parameters).toBeLessThan(cost(graph).parameters);
  }
}

const producers = ({ members }: ChannelGroup) =>
  members.filter(({ role }) => role === 'produces').map(({ layer }) => layer);
const sizes = (graph: LayerGraph) =>
  Object.fromEntries(channelGroups(graph).groups.map(({ name, channels }) => [name, channels]));

test('VGG: every layer but the classifier is a group; a channel before the flatten owns one dense row per position', async () => {
  const graph = await topologies.vgg();
  expect(sizes(graph)).toEqual({ conv1_1: 4, conv1_2: 4, conv2_1: 6, conv2_2: 6, fc1: 7 });
  const { groups, barriers } = channelGroups(graph);
  const rows = groups.find(({ name }) => name === 'conv2_2')!.members.find(({ layer }) => layer === 'fc1')!;
  expect(rows.indexes[2]).toEqual([2, 8, 14, 20]);
  expect(barriers).toEqual([
    {
      layer: 'fc2',
      channels: 3,
      producers: ['fc2'],
      reason: expect.stringContaining('fc2: output of the model'),
    },
  ]);
  await expectEquivalence(graph);
});

test('ResNet-20: all layers that end in the same sums form one group per stage; the insides of blocks are free', async () => {
  const graph = await topologies.resnet20();
  const { groups } = channelGroups(graph);
  expect(groups).toHaveLength(3 + 9);
  expect(producers(groups.find(({ name }) => name === 'stem')!)).toEqual([
    'stem',
    'stage1_block1_b',
    'stage1_block2_b',
    'stage1_block3_b',
  ]);
  const second = groups.find((group) => producers(group).includes('stage2_block1_shortcut'))!;
  expect(producers(second).sort()).toEqual([
    'stage2_block1_b',
    'stage2_block1_shortcut',
    'stage2_block2_b',
    'stage2_block3_b',
  ]);
  await expectEquivalence(graph);
});

test('DenseNet block: each layer is its own group, cut at its own offset in all layers after it', async () => {
  const graph = await topologies.denseBlock();
  expect(sizes(graph)).toEqual({
    stem: 6,
    dense1_bottleneck: 5,
    dense1: 4,
    dense2_bottleneck: 5,
    dense2: 4,
    dense3_bottleneck: 5,
    dense3: 4,
    transition: 8,
  });
  const first = channelGroups(graph).groups.find(({ name }) => name === 'dense1')!;
  expect(first.members.find(({ layer }) => layer === 'transition')!.indexes).toEqual([[6], [7], [8], [9]]);
  await expectEquivalence(graph);
});

test('MobileNet v1: a depthwise layer goes with what it reads; the classifier is after a Reshape', async () => {
  const graph = await topologies.mobilenetV1();
  expect(sizes(graph)).toEqual({ conv1: 4, pw1: 6, pw2: 8 });
  const { groups, barriers } = channelGroups(graph);
  expect(groups[0]!.members.filter(({ layer }) => layer === 'dw1').map(({ role }) => role)).toEqual([
    'carries',
  ]);
  expect(groups[2]!.members.at(-1)).toMatchObject({ layer: 'preds', axis: 2, role: 'consumes' });
  expect(barriers.map(({ layer }) => layer)).toEqual(['preds']);
  await expectEquivalence(graph);
});

test('MobileNet v2: the expansion is free, the ends of inverted residuals with a shortcut agree', async () => {
  const graph = await topologies.mobilenetV2();
  expect(sizes(graph)).toEqual({
    stem: 4,
    block1_expand: 12,
    block1_project: 5,
    block2_expand: 15,
    head: 12,
  });
  expect(producers(channelGroups(graph).groups[2]!)).toEqual(['block1_project', 'block2_project']);
  await expectEquivalence(graph);
});

test('Inception: each branch is a group of its own', async () => {
  const graph = await topologies.inception();
  const { groups } = channelGroups(graph);
  expect(groups).toHaveLength(12);
  expect(groups.every((group) => producers(group).length === 1)).toBe(true);
  await expectEquivalence(graph);
});

test('U-Net: skip and upsampled path are separate groups of the layer that reads both', async () => {
  const graph = await topologies.unet();
  expect(sizes(graph)).toEqual({ down: 4, bottom: 6, up: 5, decode: 4 });
  const up = channelGroups(graph).groups.find(({ name }) => name === 'up')!;
  expect(up.members.find(({ layer }) => layer === 'decode')!.indexes).toEqual([[4], [5], [6], [7], [8]]);
  await expectEquivalence(graph);
});
