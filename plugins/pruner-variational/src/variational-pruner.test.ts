import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { channelGroups } from '@tersor/network';
import type { ChannelGroup, Dataset, LayerGraph, PruneStep } from '@tersor/core';
import { accuracy, CHANNELS, OUTPUTS, plantedDataset, plantedNetwork, USEFUL } from '../test/planted.js';
import { tfjsBackend } from '../../../packages/network/test/tfjs-backend.js';
import plugin from './index.js';
import { trainNoise } from './train-noise.js';
import { VariationalPruner } from './variational-pruner.js';

const SLICES = CHANNELS * OUTPUTS;
const USEFUL_SLICES = [0, 1, 2, 3].map((i) => i * OUTPUTS + i);

let dataset: Dataset;
let graph: LayerGraph;
let group: ChannelGroup;
let pruner: VariationalPruner;

const optionsWith = (more: Record<string, unknown> = {}) =>
  plugin.options.parse({ images: 150, epochs: 16, noiseLearningRate: 0.4, batchSize: 75, ...more });
const prepare = async (more: Record<string, unknown> = {}) => {
  const made = new VariationalPruner(optionsWith(more));
  await made.prepare({ graph, groups: [group], dataset, backend: tfjsBackend(), seed: 1 });
  return made;
};

beforeAll(async () => {
  await tf.setBackend('cpu');
  dataset = plantedDataset();
  graph = await plantedNetwork();
  group = channelGroups(graph).groups[0]!;
  pruner = await prepare();
});

/** All slices go but exactly the four that say something. */
async function expectPlantedSlices(step: PruneStep, by: VariationalPruner): Promise<void> {
  expect(step.zeroSlices).toEqual([
    {
      layer: 'conv',
      slices: Array.from({ length: SLICES }, (_, i) => i).filter((i) => !USEFUL_SLICES.includes(i)),
    },
  ]);
  // Among those that go are the largest weights of all: magnitude would have kept them.
  expect(await accuracy(by.apply(graph, [step]), dataset)).toBeGreaterThanOrEqual(
    await accuracy(graph, dataset),
  );
}

test('planted problem, noise per slice: exactly the useless slices go', async () => {
  await expectPlantedSlices(pruner.plan(group, { slices: USEFUL / SLICES }), pruner);
});

test('planted problem, noise per weight: exactly the useless slices go', async () => {
  const elements = await prepare({ noise: 'elements' });
  await expectPlantedSlices(elements.plan(group, { slices: USEFUL / SLICES }), elements);
});

test('planted problem, noise on activations: inputs of pure noise carry the least information', async () => {
  const { slices } = (
    await trainNoise(graph, dataset, 1, optionsWith({ noise: 'activations', klWeight: 0.05 }))
  ).get('conv')!;
  const ofInput = (input: number) => slices[input * OUTPUTS + OUTPUTS - 1]!;
  expect(Math.max(...[4, 5, 6, 7].map(ofInput))).toBeLessThan(0.5 * Math.min(...[0, 1, 2, 3].map(ofInput)));
});

test('the share of slices that stays is the one that was asked for', () => {
  for (const share of [0.1, 0.25, 0.5, 0.9]) {
    const zeroed = pruner.plan(group, { slices: share }).zeroSlices!.flatMap(({ slices }) => slices);
    expect(zeroed.length).toBe(SLICES - Math.round(share * SLICES));
  }
  expect(pruner.plan(group, { slices: 1 })).toEqual({ pruner: 'variational', group: 'conv' });
});

test('zeroes whole slices and gives their mean to the bias', async () => {
  const [step] = [{ pruner: 'variational', group: 'conv', zeroSlices: [{ layer: 'conv', slices: [0] }] }];
  const before = graph.layers.find(({ name }) => name === 'conv')!.weights;
  const after = pruner.apply(graph, [step!]).layers.find(({ name }) => name === 'conv')!.weights;
  expect([...after[0]!.data.keys()].filter((i) => after[0]!.data[i] !== before[0]!.data[i])).toEqual([0]);
  expect(after[0]!.data[0]).toBe(0);
  // Channel 0 is 2 in a quarter of the images, else 0, on average; its weight is 2.
  expect(after[1]!.data[0]! - before[1]!.data[0]!).toBeGreaterThan(0.6);
  expect(after[1]!.data[0]! - before[1]!.data[0]!).toBeLessThan(1.4);
});

test('the same seed gives the same plan, and no tensors stay behind', async () => {
  const before = tf.memory().numTensors;
  const short = { epochs: 2 };
  const [first, second] = [await prepare(short), await prepare(short)];
  expect(first.plan(group, { slices: 0.5 })).toEqual(second.plan(group, { slices: 0.5 }));
  expect(tf.memory().numTensors).toBe(before);
});

test('refuses a plan for another network', () => {
  const foreign = { pruner: 'variational', group: 'conv', zeroSlices: [{ layer: 'conv', slices: [SLICES] }] };
  expect(() => pruner.apply(graph, [foreign])).toThrow(expect.objectContaining({ code: 'PLAN_MISMATCH' }));
  expect(() =>
    pruner.apply(graph, [{ ...foreign, zeroSlices: [{ layer: 'nowhere', slices: [0] }] }]),
  ).toThrow(expect.objectContaining({ code: 'PLAN_MISMATCH' }));
});

test('a training that was stopped after any epoch and goes on finds the same, and leaves no tensors behind', async () => {
  const options = optionsWith({ epochs: 4 });
  const states: unknown[] = [];
  const whole = await trainNoise(graph, dataset, 1, options, {
    save: async (state) => void states.push(structuredClone(state)),
  });
  expect(states).toHaveLength(4);
  for (const saved of states) {
    const before = tf.memory().numTensors;
    const resumed = await trainNoise(graph, dataset, 1, options, { saved, save: () => Promise.resolve() });
    expect(resumed).toEqual(whole);
    expect(tf.memory().numTensors).toBe(before);
  }
});

describe('ranked by reconstruction', () => {
  const kept = 6;
  /** All slices of the first three outputs and channels go with their channels. */
  const channels = [
    { pruner: 'channel', group: 'conv', keep: Array.from({ length: OUTPUTS - 3 }, (_, i) => i + 3) },
  ];

  it('shares are of the slices whose channels stay, and others are not named', async () => {
    const reconstruction = await prepare({ ranking: 'reconstruction' });
    const step = reconstruction.plan(group, { slices: 0.5 }, channels);
    const slices = step.zeroSlices![0]!.slices;
    expect(slices).toHaveLength((CHANNELS * (OUTPUTS - 3)) / 2);
    expect(slices.every((slice) => slice % OUTPUTS >= 3)).toBe(true);
  });

  it('spreads a budget; slices are ranked anew for the channels that it was asked about', async () => {
    const reconstruction = await prepare({ ranking: 'reconstruction', heuristicShare: 0.7 });
    expect(reconstruction.sliceHeuristic).toMatchObject({ name: 'reconstruction', share: 0.7 });
    const shares = await reconstruction.sliceHeuristic!.spread({
      groups: [group],
      smallest: 0.1,
      channels,
      limits: [{ name: 'macs', limit: kept, of: ([share]) => 10 * share! }],
      used: ([share]) => (10 * share!) / kept,
      fits: ([share]) => 10 * share! <= kept,
    });
    expect(shares).toEqual([expect.closeTo(0.6, 9)]);
    const { zeroSlices } = reconstruction.plan(group, { slices: shares[0]! }, channels);
    expect(zeroSlices![0]!.slices.every((slice) => slice % OUTPUTS >= 3)).toBe(true);
  });

  it('takes no part in heuristics with another ranking', () => {
    expect(pruner.sliceHeuristic).toBeUndefined();
  });
});
