import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { LayerGraph, Pruner } from '@tersor/core';
import { firstChannels } from '../../test/first-channels.js';
import { largestDifference, run } from '../../test/masked-run.js';
import * as topologies from '../../test/topologies.js';
import { channelGroups } from '../groups/channel-groups.js';
import { applyAndAdapt, applyPlan } from './apply-plan.js';
import { removeAll } from './remove-channels.js';
import { removeDeadChannels } from './remove-dead-channels.js';

let graph: LayerGraph;
beforeAll(async () => {
  await tf.setBackend('cpu');
  graph = await topologies.vgg();
});

/** The graph with kernel values zeroed where `zero(index along the axis)`. */
function zeroKernel(
  from: LayerGraph,
  layer: string,
  zero: (input: number, output: number) => boolean,
): LayerGraph {
  return {
    ...from,
    layers: from.layers.map((each) =>
      each.name !== layer
        ? each
        : {
            ...each,
            weights: each.weights.map((weight) =>
              weight.name === 'kernel'
                ? {
                    ...weight,
                    data: weight.data.map((value, i) =>
                      zero(
                        Math.floor(i / weight.shape.at(-1)!) % weight.shape.at(-2)!,
                        i % weight.shape.at(-1)!,
                      )
                        ? 0
                        : value,
                    ),
                  }
                : weight,
            ),
          },
    ),
  };
}

const counts = (from: LayerGraph) =>
  Object.fromEntries(channelGroups(from).groups.map(({ name, channels }) => [name, channels]));
const input = () => [tf.randomNormal([2, 8, 8, 3], 0, 1, 'float32', 4)];

test('channels that nothing reads any more are removed, and nothing else changes', async () => {
  const zeroed = zeroKernel(graph, 'conv2_1', (channel) => channel === 1 || channel === 3);
  const smaller = removeDeadChannels(zeroed);
  expect(counts(smaller)).toEqual({ ...counts(graph), conv1_2: 2 });
  const images = input();
  expect(largestDifference(await run(zeroed, images), await run(smaller, images))).toBeLessThan(1e-5);
  tf.dispose(images);
});

test('channels that are made of zeros are removed; a group that is dead as a whole keeps one', () => {
  expect(counts(removeDeadChannels(zeroKernel(graph, 'conv2_1', (_, output) => output < 2)))).toMatchObject({
    conv2_1: 4,
  });
  expect(counts(removeDeadChannels(zeroKernel(graph, 'fc1', () => true)))['fc1']).toBeUndefined();
  expect(removeDeadChannels(graph)).toBe(graph);
});

test('slices go first, then channels, whatever the order of the pruners', () => {
  const order: string[] = [];
  const channels: Pruner = {
    id: 'channels',
    action: 'channels',
    prepare: async () => undefined,
    plan: (group) => ({ pruner: 'channels', group: group.name }),
    apply: (given, plan) => (
      order.push('channels'),
      removeAll(
        given,
        plan.map(({ group, keep }) => ({
          group: channelGroups(graph).groups.find(({ name }) => name === group)!,
          keep: keep!,
        })),
      )
    ),
  };
  const slices: Pruner = {
    ...channels,
    id: 'slices',
    action: 'slices',
    apply: (given) => (order.push('slices'), zeroKernel(given, 'conv2_1', (channel) => channel === 0)),
  };
  const plan = [
    { pruner: 'channels', group: 'fc1', keep: [1, 2] },
    { pruner: 'slices', group: 'conv2_1', zeroSlices: [{ layer: 'conv2_1', slices: [0] }] },
  ];
  expect(counts(applyPlan(graph, [channels, slices], plan))).toEqual({
    ...counts(graph),
    fc1: 2,
    conv1_2: 3,
  });
  expect(order).toEqual(['slices', 'channels']);
  expect(() => applyPlan(graph, [channels], plan)).toThrow(
    expect.objectContaining({ code: 'PLAN_MISMATCH', message: expect.stringContaining('"slices"') }),
  );
});

test('pruners adapt what all of them have left, in their order, and see the whole plan', async () => {
  const seen: unknown[] = [];
  const pruner = (id: string, adapts: boolean): Pruner => ({
    ...firstChannels(graph),
    id,
    apply: (given) => ({ ...given, name: `${given.name}, ${id}` }),
    ...(adapts && {
      adapt: async (given, plan) => (
        seen.push([id, given.name, plan]),
        { ...given, name: `${given.name} + ${id}` }
      ),
    }),
  });
  const plan = [
    { pruner: 'a', group: 'conv1_1' },
    { pruner: 'b', group: 'fc1' },
  ];
  const name = `${graph.name}, a, b, c`;
  expect(
    await applyAndAdapt(graph, [pruner('a', true), pruner('b', false), pruner('c', true)], plan),
  ).toEqual({ ...graph, name: `${name} + a + c` });
  expect(seen).toEqual([
    ['a', name, plan],
    ['c', `${name} + a`, plan],
  ]);
  await expect(applyAndAdapt(graph, [pruner('a', true)], plan)).rejects.toMatchObject({
    code: 'PLAN_MISMATCH',
  });
});
