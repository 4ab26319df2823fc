import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { channelGroups, graphFromModel, stockBackend } from '@tersor/network';
import type { Backend, LayerGraph } from '@tersor/core';
import {
  outputOf,
  smoothImages,
  squaredError,
  withDrawnWeights,
} from '../../../../packages/network/test/smooth-images.js';
import { ownLayer } from '../../../../packages/network/test/own-layers-network.js';
import { ChannelPruner, type ChannelPrunerOptions } from '../channel-pruner.js';
import { gatherMoments } from './gather-moments.js';

beforeAll(() => tf.setBackend('cpu'));

const dataset = smoothImages([5, 5, 3]);
const options: ChannelPrunerOptions = {
  criterion: 'reconstruction',
  reconstruct: 'least-squares',
  images: 50,
  points: 25,
  maximumInputs: 1000,
  ridge: 1e-6,
  batchNormImages: 0,
  weights: 'equal',
  probeImages: 10,
};

/** 8 channels into a convolution of 2 groups of 4, whose groups lose the same ones. */
async function grouped(useBias = true): Promise<LayerGraph> {
  const input = tfl.input({ shape: [5, 5, 3] });
  const apply = (layer: tfl.layers.Layer, to: tfl.SymbolicTensor) => layer.apply(to) as tfl.SymbolicTensor;
  const first = apply(
    tfl.layers.conv2d({ name: 'first', filters: 8, kernelSize: 3, padding: 'same' }),
    input,
  );
  const config = { name: 'grouped', filters: 6, kernelSize: [3, 3], groups: 2, padding: 'same', useBias };
  const second = apply(ownLayer('TersorGroupedConv2D', { ...config, strides: [1, 1] }), first);
  const model = tfl.model({ inputs: input, outputs: second });
  const graph = withDrawnWeights(await graphFromModel(model));
  model.dispose();
  return graph;
}

async function prunerOf(graph: LayerGraph, changed: Partial<ChannelPrunerOptions> = {}) {
  const pruner = new ChannelPruner({ ...options, ...changed });
  const { groups } = channelGroups(graph);
  const backend = stockBackend as Backend;
  await pruner.prepare({ graph, groups, dataset, backend, seed: 1 });
  return { pruner, group: groups.find(({ name }) => name.includes('first'))! };
}

const kernelOf = (graph: LayerGraph) =>
  graph.layers.find(({ name }) => name === 'grouped')!.weights.find(({ name }) => name === 'kernel')!;

it.each([
  ['whole rows', 1000],
  ['channels', 8],
])(
  'the refit of a grouped convolution, from %s, loses less than cutting, and than any small change of it',
  async (_, maximumInputs) => {
    const graph = await grouped();
    const { pruner, group } = await prunerOf(graph, { maximumInputs });
    expect(group.channels).toBe(4);
    const plan = [pruner.plan(group, { channels: 3 })];
    const refit = pruner.apply(graph, plan);
    expect(kernelOf(refit).shape).toEqual([3, 3, 3, 6]);
    const original = await outputOf(graph, dataset);
    const least = squaredError(original, await outputOf(refit, dataset));
    const { pruner: plain } = await prunerOf(graph, { reconstruct: 'none', criterion: 'l1' });
    const cut = squaredError(original, await outputOf(plain.apply(graph, plan), dataset));
    expect(least).toBeLessThan(0.7 * cut);
    if (maximumInputs < 1000) return;
    for (const [index, step] of [
      [0, 0.02],
      [40, -0.02],
      [100, 0.02],
      [161, -0.02],
    ] as const) {
      const moved = withKernel(
        refit,
        kernelOf(refit).data.map((value, i) => (i === index ? value + step : value)),
      );
      expect(squaredError(original, await outputOf(moved, dataset))).toBeGreaterThan(least);
    }
  },
);

function withKernel(graph: LayerGraph, data: Float32Array): LayerGraph {
  return {
    ...graph,
    layers: graph.layers.map((layer) =>
      layer.name === 'grouped'
        ? {
            ...layer,
            weights: layer.weights.map((weight) => (weight.name === 'kernel' ? { ...weight, data } : weight)),
          }
        : layer,
    ),
  };
}

it('changes nothing in a grouped convolution that loses nothing', async () => {
  const graph = await grouped();
  const { pruner, group } = await prunerOf(graph);
  expect(kernelOf(pruner.apply(graph, [pruner.plan(group, { channels: 4 })])).data).toEqual(
    kernelOf(graph).data,
  );
});

it('gathers of every group the moments of its own channels', async () => {
  const graph = await grouped(false);
  const found = await gatherMoments(graph, dataset, new Set(['grouped']), {
    ...{ images: 50, points: 25, maximumInputs: 1000, ridge: 1e-9, seed: 1 },
    backend: stockBackend as Backend,
  });
  const { moments } = found.get('grouped')!;
  expect(moments.map(({ size, centered }) => [size, centered])).toEqual([
    [36, false],
    [36, false],
  ]);
  // By hand, of the tap in the middle: the layer's own input, at all 25 positions of all images.
  const before = { ...graph, layers: graph.layers.slice(0, 2), calls: graph.calls.slice(0, 2), outputs: [1] };
  const values = await outputOf(before, dataset);
  for (const group of [0, 1])
    for (let a = 0; a < 4; a++)
      for (let b = 0; b < 4; b++) {
        let sum = 0;
        for (let at = group * 4; at < values.length; at += 8) sum += values[at + a]! * values[at + b]!;
        const [row, column] = [4 * 4 + a, 4 * 4 + b];
        expect(moments[group]!.moments[row * 36 + column]).toBeCloseTo(sum / (values.length / 8), 4);
      }
});

it('gives each group of a few images the ridge of its own inputs, by halves of the images', async () => {
  const graph = await grouped();
  const gather = (ridge: number | 'held-out') =>
    gatherMoments(graph, dataset, new Set(['grouped']), {
      ...{ images: 50, points: 1, maximumInputs: 1000, ridge, seed: 1 },
      backend: stockBackend as Backend,
    });
  const shareOf = async (ridge: number | 'held-out') => {
    const plain = (await gather(1e-9)).get('grouped')!.moments;
    return (await gather(ridge)).get('grouped')!.moments.map(({ moments, size }, group) => {
      const trace = plain[group]!.moments.reduce((sum, v, at) => sum + (at % (size + 1) === 0 ? v : 0), 0);
      return ((moments[0]! - plain[group]!.moments[0]!) * size) / trace;
    });
  };
  for (const share of await shareOf(0.1)) expect(share).toBeCloseTo(0.1, 6);
  // 50 rows say next to nothing of 36 inputs, when half of them are held out.
  for (const share of await shareOf('held-out')) expect(share).toBeGreaterThan(0.02);
});
