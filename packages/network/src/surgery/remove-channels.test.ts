import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { LayerGraph } from '@tersor/core';
import * as topologies from '../../test/topologies.js';
import { channelGroups } from '../groups/channel-groups.js';
import { gatherAxis } from './gather-axis.js';
import { removeAll, removeChannels } from './remove-channels.js';

let graph: LayerGraph;
beforeAll(async () => {
  await tf.setBackend('cpu');
  graph = await topologies.vgg();
});

const layerOf = (from: LayerGraph, name: string) => from.layers.find((layer) => layer.name === name)!;
const group = (name: string) => channelGroups(graph).groups.find((candidate) => candidate.name === name)!;

test('gathers any axis of an array', () => {
  const data = Float32Array.from({ length: 12 }, (_, i) => i);
  expect([...gatherAxis(data, [2, 3, 2], 0, [1])]).toEqual([6, 7, 8, 9, 10, 11]);
  expect([...gatherAxis(data, [2, 3, 2], 1, [0, 2])]).toEqual([0, 1, 4, 5, 6, 7, 10, 11]);
  expect([...gatherAxis(data, [2, 3, 2], 2, [1])]).toEqual([1, 3, 5, 7, 9, 11]);
});

test('cuts weights, and changes filters, units and output shapes with them', () => {
  const pruned = removeAll(graph, [
    { group: group('conv2_2'), keep: [0, 5] },
    { group: group('fc1'), keep: [3] },
  ]);
  expect(layerOf(pruned, 'conv2_2').config['filters']).toBe(2);
  expect(layerOf(pruned, 'conv2_2').weights.map(({ shape }) => shape)).toEqual([[3, 3, 6, 2], [2]]);
  expect(layerOf(pruned, 'fc1').config['units']).toBe(1);
  expect(layerOf(pruned, 'fc1').weights[0]!.shape).toEqual([8, 1]);
  expect(pruned.calls.map(({ layer, outputShape }) => [layer, outputShape.join('x')])).toEqual(
    graph.calls.map(({ layer, outputShape }) => [
      layer,
      { conv2_2: '4x4x2', fc1: '1' }[layer] ??
        (layer.startsWith('flatten')
          ? '8'
          : layer.includes('ooling2d') && outputShape[0] === 2
            ? '2x2x2'
            : outputShape.join('x')),
    ]),
  );
});

test('leaves the given graph as it is and shares the layers that lose nothing', () => {
  const before = JSON.stringify(graph.calls);
  const pruned = removeChannels(graph, group('fc1'), [0, 1]);
  expect(JSON.stringify(graph.calls)).toBe(before);
  expect(layerOf(graph, 'fc1').config['units']).toBe(7);
  expect(layerOf(pruned, 'conv1_1')).toBe(layerOf(graph, 'conv1_1'));
});

test('keeping every channel changes nothing', () => {
  const same = removeAll(
    graph,
    channelGroups(graph).groups.map((each) => ({
      group: each,
      keep: Array.from({ length: each.channels }, (_, i) => i),
    })),
  );
  expect(same).toEqual(graph);
});

test.each([[[]], [[1, 0]], [[0, 0]], [[0, 7]], [[0.5]], [[-1, 2]]])(
  'refuses %j as the channels that stay',
  (keep) => {
    expect(() => removeChannels(graph, group('fc1'), keep)).toThrow(
      expect.objectContaining({ code: 'PLAN_MISMATCH' }),
    );
  },
);

test('refuses groups of another network', async () => {
  const foreign = channelGroups(await topologies.unet()).groups[0]!;
  expect(() => removeChannels(graph, foreign, [0])).toThrow(
    expect.objectContaining({ code: 'PLAN_MISMATCH', message: expect.stringContaining('down/kernel') }),
  );
  const wider = {
    ...group('fc1'),
    members: group('fc1').members.map((member) => ({
      ...member,
      indexes: [[9], ...member.indexes.slice(1)],
    })),
  };
  expect(() => removeChannels(graph, wider, [0])).toThrow(expect.objectContaining({ code: 'PLAN_MISMATCH' }));
});
