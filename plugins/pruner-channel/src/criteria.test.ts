import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { ChannelGroup, LayerGraph, WeightTensor } from '@tersor/core';
import { compileGradients, modelFromGraph } from '@tersor/network';
import { pruneContext } from '@tersor/testing';
import { CRITERIA } from './criteria.js';

const tensor = (name: string, shape: number[], data: number[]): WeightTensor => ({
  name,
  shape,
  data: Float32Array.from(data),
  trainable: true,
});

/** Three filters of two values; a batch norm; a reader of two outputs. */
const graph: LayerGraph = {
  name: 'tiny',
  layers: [
    {
      name: 'a',
      className: 'Conv2D',
      config: {},
      weights: [tensor('kernel', [1, 1, 2, 3], [1, 4, 1, 1, 0, 2])],
    },
    {
      name: 'bn',
      className: 'BatchNormalization',
      config: {},
      weights: [tensor('gamma', [3], [0.5, -2, 1])],
    },
    {
      name: 'b',
      className: 'Conv2D',
      config: {},
      weights: [tensor('kernel', [1, 1, 3, 2], [3, -4, 1, 1, 0, 6])],
    },
  ],
  calls: [],
  inputs: [],
  outputs: [],
};
const indexes = [[0], [1], [2]];
const group: ChannelGroup = {
  name: 'a',
  channels: 3,
  members: [
    { layer: 'a', weight: 'kernel', axis: 3, role: 'produces', indexes },
    { layer: 'bn', weight: 'gamma', axis: 0, role: 'carries', indexes },
    { layer: 'b', weight: 'kernel', axis: 2, role: 'consumes', indexes },
  ],
};

const scores = (name: keyof typeof CRITERIA, of = group) => [...CRITERIA[name](of, { graph, seed: 1 })];

test('l1 and l2 are the norms of the weights that read the channel', () => {
  expect(scores('l1')).toEqual([7, 2, 6]);
  expect(scores('l2')).toEqual([5, Math.SQRT2, 6]);
});

test('where nothing reads the channel, l1 is the norm of its filter', () => {
  expect(scores('l1', { ...group, members: group.members.slice(0, 1) })).toEqual([2, 4, 3]);
});

test('batch-norm is the size of gamma, or l1 where there is none', () => {
  expect(scores('batch-norm')).toEqual([0.5, 2, 1]);
  expect(scores('batch-norm', { ...group, members: [group.members[0]!, group.members[2]!] })).toEqual([
    7, 2, 6,
  ]);
});

test('fpgm is the sum of distances to the other filters', () => {
  // Filters (1, 1), (4, 0), (1, 2).
  const [ab, ac, bc] = [Math.sqrt(10), 1, Math.sqrt(13)];
  scores('fpgm').forEach((score, i) => expect(score).toBeCloseTo([ab + ac, ab + bc, ac + bc][i]!, 6));
});

test('random depends on seed and group alone', () => {
  expect(scores('random')).toEqual(scores('random'));
  expect(scores('random')).not.toEqual([...CRITERIA.random(group, { graph, seed: 2 })]);
});

test('channels after a flatten count all of their rows', () => {
  const flat: ChannelGroup = {
    ...group,
    channels: 1,
    members: [{ ...group.members[2]!, indexes: [[0, 2]] }],
  };
  expect(scores('l1', flat)).toEqual([13]);
});

test('taylor is the derivative of the loss when a channel fades out', async () => {
  await tf.setBackend('cpu');
  const context = pruneContext();
  const inner = context.groups.find(({ name }) => name === 'first')!;
  const batch = await context.dataset.read('train', [0, 1, 2, 3, 4, 5]);
  const session = await compileGradients(context.graph, { labelSmoothing: 0, distill: 0, temperature: 1 });
  const values = context.graph.layers.flatMap(({ weights }) =>
    weights.map(({ data }) => Float32Array.from(data)),
  );
  const names = context.graph.layers.flatMap(({ name, weights }) =>
    weights.map((weight) => `${name}/${weight.name}`),
  );
  const { updates } = await session.step(values, { ...batch, seed: 1 });
  const taylor = CRITERIA.taylor(inner, {
    graph: context.graph,
    seed: 1,
    gradients: [new Map(names.map((name, i) => [name, updates[i]!]))],
  });

  // The channel faded by 1 +- h is the kernel row that reads it, scaled.
  const at = names.indexOf('second/kernel');
  const lossWith = async (channel: number, factor: number) => {
    const changed = values.map((data, i) =>
      i === at ? data.map((value, k) => (Math.floor(k / 6) % 5 === channel ? value * factor : value)) : data,
    );
    return (await session.step(changed, { ...batch, seed: 1 })).loss;
  };
  for (let channel = 0; channel < 5; channel++) {
    const slope = ((await lossWith(channel, 1.01)) - (await lossWith(channel, 0.99))) / 0.02;
    expect(Math.abs(taylor[channel]! - Math.abs(slope))).toBeLessThan(2e-3 + 0.02 * Math.abs(slope));
  }
  session.dispose();
  // The fixture is a network that stock tfjs builds.
  (await modelFromGraph(context.graph)).dispose();
});
