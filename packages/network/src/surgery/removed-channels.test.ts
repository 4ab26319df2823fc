import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { PrunePlan } from '@tersor/core';
import * as topologies from '../../test/topologies.js';
import { channelGroups } from '../groups/channel-groups.js';
import { removedChannels } from './removed-channels.js';

beforeAll(() => tf.setBackend('cpu'));

test('what a plan keeps says which inputs and outputs of each kernel go', async () => {
  const { groups } = channelGroups(await topologies.vgg());
  const [first, second] = groups as [(typeof groups)[number], (typeof groups)[number]];
  const all = Array.from({ length: first.channels }, (_, channel) => channel);
  const plan: PrunePlan = [
    { pruner: 'channel', group: first.name, keep: all.filter((channel) => channel !== 1) },
    { pruner: 'channel', group: second.name },
    { pruner: 'variational', group: second.name, zeroSlices: [{ layer: second.name, slices: [0] }] },
  ];
  const goneOf = (layer: string) => {
    const { inputs, outputs } = removedChannels(layer, groups, plan);
    return [[...inputs], [...outputs]];
  };
  expect(goneOf(first.name)).toEqual([[], [1]]);
  expect(goneOf(second.name)).toEqual([[1], []]);
  expect(goneOf('no such layer')).toEqual([[], []]);
});

test('a channel that a flatten has spread owns all of its inputs', async () => {
  const graph = await topologies.vgg();
  const { groups } = channelGroups(graph);
  const spread = groups.flatMap((group) =>
    group.members
      .filter(
        ({ role, weight, indexes }) => role === 'consumes' && weight === 'kernel' && indexes[0]!.length > 1,
      )
      .map((member) => ({ group, member })),
  )[0]!;
  const keep = Array.from({ length: spread.group.channels - 1 }, (_, i) => i + 1);
  const { inputs } = removedChannels(spread.member.layer, groups, [
    { pruner: 'channel', group: spread.group.name, keep },
  ]);
  expect([...inputs]).toEqual(spread.member.indexes[0]);
});
