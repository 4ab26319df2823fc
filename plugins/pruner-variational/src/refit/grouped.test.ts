import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { Backend, LayerGraph, PrunePlan } from '@tersor/core';
import { channelGroups, graphFromModel, removeAll, removeDeadChannels, stockBackend } from '@tersor/network';
import { ownLayer } from '../../../../packages/network/test/own-layers-network.js';
import {
  outputOf,
  smoothImages,
  squaredError,
  withDrawnWeights,
} from '../../../../packages/network/test/smooth-images.js';
import plugin from '../index.js';
import type { VariationalPruner } from '../variational-pruner.js';

beforeAll(() => tf.setBackend('cpu'));

const dataset = smoothImages([5, 5, 3], 40);
let graph: LayerGraph;
beforeAll(async () => {
  const input = tfl.input({ shape: [5, 5, 3] });
  const apply = (layer: tfl.layers.Layer, to: tfl.SymbolicTensor) => layer.apply(to) as tfl.SymbolicTensor;
  const conv = (name: string, filters: number) =>
    tfl.layers.conv2d({ name, filters, kernelSize: 3, padding: 'same', activation: 'relu' });
  const config = { name: 'grouped', filters: 6, kernelSize: [3, 3], strides: [1, 1], groups: 2 };
  const grouped = ownLayer('TersorGroupedConv2D', { ...config, padding: 'same' });
  const output = apply(conv('last', 2), apply(grouped, apply(conv('first', 8), input)));
  const model = tfl.model({ inputs: input, outputs: output });
  graph = withDrawnWeights(await graphFromModel(model));
  model.dispose();
});

async function prunerOf(options: Record<string, unknown>): Promise<VariationalPruner> {
  const parsed = plugin.options['~standard'].validate({
    points: 25,
    refitImages: 40,
    ridge: 1e-6,
    ...options,
  });
  const { value } = (await parsed) as { readonly value: never };
  const pruner = plugin.create(value, {} as never) as VariationalPruner;
  const { groups } = channelGroups(graph);
  await pruner.prepare({
    graph,
    groups,
    dataset,
    backend: { ...stockBackend, activate: async () => {} } as unknown as Backend,
    seed: 1,
  });
  return pruner;
}

/** What the grouped convolution gives, compared with what it gave. */
async function errorOf(network: LayerGraph): Promise<number> {
  const inner = (whole: LayerGraph) => ({
    ...whole,
    layers: whole.layers.slice(0, 3),
    calls: whole.calls.slice(0, 3),
    outputs: [2],
  });
  return squaredError(await outputOf(inner(graph), dataset), await outputOf(inner(network), dataset));
}

const kernelOf = (network: LayerGraph) =>
  network.layers.find(({ name }) => name === 'grouped')!.weights.find(({ name }) => name === 'kernel')!;

const groupOf = () =>
  channelGroups(graph).groups.find(({ members }) =>
    members.some(({ layer, role }) => layer === 'grouped' && role === 'produces'),
  )!;

it.each(['norm', 'reconstruction'])(
  'takes slices of a grouped convolution by %s, and refits the others of their group',
  async (ranking) => {
    const pruner = await prunerOf({ ranking });
    const step = pruner.plan(groupOf(), { slices: 0.5 });
    const slices = step.zeroSlices!.find(({ layer }) => layer === 'grouped')!.slices;
    expect(slices).toHaveLength(12);
    const cut = pruner.apply(graph, [step]);
    const refit = await pruner.adapt(cut, [step]);
    const { data } = kernelOf(refit);
    // Slices are [kernel position, input of a group, output].
    for (const slice of slices) for (let at = slice; at < data.length; at += 24) expect(data[at]).toBe(0);
    expect(data.filter((value) => value !== 0)).toHaveLength(9 * 12);
    const least = await errorOf(refit);
    expect(least).toBeLessThan(0.8 * (await errorOf(cut)));
    for (const at of [...data.keys()].filter((i) => data[i] !== 0).filter((_, i) => i % 23 === 0))
      for (const change of [-0.02, 0.02]) {
        const moved = data.map((value, i) => (i === at ? value + change : value));
        expect(await errorOf(withKernel(refit, moved))).toBeGreaterThan(least);
      }
  },
);

it('gives back the means that its outputs lose with their own group of inputs', async () => {
  const pruner = await prunerOf({ ranking: 'norm', reconstruct: 'none' });
  const step = pruner.plan(groupOf(), { slices: 0.75 });
  const inner = { ...graph, layers: graph.layers.slice(0, 3), calls: graph.calls.slice(0, 3), outputs: [2] };
  const cut = pruner.apply(inner, [step]);
  const [before, after] = [await outputOf(inner, dataset), await outputOf(cut, dataset)];
  const without = await outputOf(zeroed(inner, step), dataset);
  const shift = (values: Float32Array) => {
    const sums = new Float64Array(6);
    values.forEach((value, at) => (sums[at % 6]! += (value - before[at]!) / (before.length / 6)));
    return sums.reduce((sum, value) => sum + Math.abs(value), 0);
  };
  // Rows of the padding count as the mean of a channel over all kernel positions: it is nearly right.
  expect(shift(after)).toBeLessThan(0.3 * shift(without));
});

it('makes up for channels and slices that go at once', async () => {
  const pruner = await prunerOf({ ranking: 'reconstruction' });
  const { groups } = channelGroups(graph);
  const first = groups.find(({ name }) => name.includes('first'))!;
  const keep = [0, 1, 3];
  const channels: PrunePlan = [{ pruner: 'channel', group: first.name, keep }];
  const plan: PrunePlan = [...channels, pruner.plan(groupOf(), { slices: 0.7 }, channels)];
  const cut = removeDeadChannels(removeAll(pruner.apply(graph, [plan[1]!]), [{ group: first, keep }]));
  expect(kernelOf(cut).shape).toEqual([3, 3, 3, 6]);
  const refit = await pruner.adapt(cut, plan);
  expect(await errorOf(refit)).toBeLessThan(0.8 * (await errorOf(cut)));
});

function withKernel(network: LayerGraph, data: Float32Array): LayerGraph {
  return {
    ...network,
    layers: network.layers.map((layer) =>
      layer.name === 'grouped'
        ? {
            ...layer,
            weights: layer.weights.map((weight) => (weight.name === 'kernel' ? { ...weight, data } : weight)),
          }
        : layer,
    ),
  };
}

function zeroed(network: LayerGraph, { zeroSlices = [] }: PrunePlan[0]): LayerGraph {
  const gone = new Set(zeroSlices.find(({ layer }) => layer === 'grouped')!.slices);
  return withKernel(
    network,
    kernelOf(network).data.map((value, at) => (gone.has(at % 24) ? 0 : value)),
  );
}
