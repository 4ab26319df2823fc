import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { channelGroups, graphFromModel } from '@tersor/network';
import type { LayerGraph } from '@tersor/core';
import { read, smoothImages, withDrawnWeights } from '../../../../packages/network/test/smooth-images.js';
import { tfjsBackend } from '../../../../packages/network/test/tfjs-backend.js';
import { ChannelPruner } from '../channel-pruner.js';
import plugin from '../index.js';

beforeAll(() => tf.setBackend('cpu'));

const { layers } = tfl;
const make = (options: Record<string, unknown> = {}) => new ChannelPruner(plugin.options.parse(options));
const conv = (name: string, filters: number, more = {}) =>
  layers.conv2d({ name, filters, kernelSize: 3, padding: 'same', activation: 'relu', ...more });

describe('the heuristic "reconstruction"', () => {
  it('keeps the channels that say something: a group of copies loses them, another one keeps its own', async () => {
    const graph = await read(conv('a', 8, { inputShape: [6, 6, 2] }), conv('b', 8), conv('c', 4));
    // Channels 2..7 of "a" are copies of 0 and 1.
    const copied: LayerGraph = {
      ...graph,
      layers: graph.layers.map((layer) =>
        layer.name === 'a'
          ? {
              ...layer,
              weights: layer.weights.map((weight) => ({
                ...weight,
                data: weight.data.map((_, i) => weight.data[i - (i % 8) + (i % 2)]!),
              })),
            }
          : layer,
      ),
    };
    const { groups } = channelGroups(copied);
    const pruner = make({ criterion: 'reconstruction', images: 50, points: 36 });
    await pruner.prepare({
      graph: copied,
      groups,
      dataset: smoothImages([6, 6, 2]),
      backend: tfjsBackend(),
      seed: 1,
    });
    const of = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
    const question = {
      groups,
      smallest: [1, 1],
      multiple: 1,
      nearest: (_group: number, channels: number) => channels,
      limits: [{ name: 'channels', limit: 10, of }],
      used: (counts: readonly number[]) => of(counts) / 10,
      fits: (counts: readonly number[]) => of(counts) <= 10,
    };
    expect(await pruner.heuristics['reconstruction']!(question)).toEqual([2, 8]);
    // The two that stay are one of each.
    expect(
      pruner
        .plan(groups[0]!, { channels: 2 })
        .keep!.map((channel) => channel % 2)
        .sort(),
    ).toEqual([0, 1]);
  });

  it('is there with any criterion, before anything is prepared; not without the refit', () => {
    expect(Object.keys(make({ criterion: 'l2' }).heuristics)).toEqual(['reconstruction']);
    expect(make({ reconstruct: 'none' }).heuristics).toEqual({});
  });

  it('with probed weights takes from the branch that the outputs do not notice; with equal ones from both', async () => {
    const input = tfl.input({ shape: [6, 6, 2] });
    const branch = (name: string) =>
      conv(`${name}2`, 4, { activation: 'linear' }).apply(conv(`${name}1`, 12).apply(input));
    const sum = layers.add({ name: 'sum' }).apply([branch('faint'), branch('loud')] as tfl.SymbolicTensor[]);
    const pooled = layers.globalAveragePooling2d({ name: 'pool' }).apply(sum);
    const model = tfl.model({
      inputs: input,
      outputs: layers
        .activation({ name: 'softmax', activation: 'softmax' })
        .apply(pooled) as tfl.SymbolicTensor,
    });
    const drawn = withDrawnWeights(await graphFromModel(model));
    model.dispose();
    const graph: LayerGraph = {
      ...drawn,
      layers: drawn.layers.map((layer) =>
        layer.name === 'faint2'
          ? {
              ...layer,
              weights: layer.weights.map((weight) => ({ ...weight, data: weight.data.map((x) => x / 1000) })),
            }
          : layer,
      ),
    };
    const { groups } = channelGroups(graph);
    const of = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
    const allocation = async (weights: 'equal' | 'probed') => {
      const pruner = make({ criterion: 'reconstruction', images: 50, points: 36, weights, probeImages: 20 });
      const backend = tfjsBackend();
      await pruner.prepare({ graph, groups, dataset: smoothImages([6, 6, 2]), backend, seed: 1 });
      const counts = await pruner.heuristics['reconstruction']!({
        groups,
        smallest: [1, 1],
        multiple: 1,
        nearest: (_group: number, channels: number) => channels,
        limits: [{ name: 'channels', limit: 14, of }],
        used: (given: readonly number[]) => of(given) / 14,
        fits: (given: readonly number[]) => of(given) <= 14,
      });
      const errors = await pruner.removalErrors!(groups);
      pruner.dispose();
      const byName = <Value>(values: readonly Value[]) =>
        Object.fromEntries(groups.map(({ name }, i) => [name, values[i]!]));
      return { counts: byName(counts), ofAll: byName(errors.map((curve) => curve.at(-2)!)) };
    };
    const equal = await allocation('equal');
    expect(Math.min(...Object.values(equal.counts))).toBeGreaterThan(3);
    expect(equal.ofAll['faint1']! / equal.ofAll['loud1']!).toBeGreaterThan(0.1);
    const { numTensors } = tf.memory();
    const probed = await allocation('probed');
    expect(probed.counts).toEqual({ faint1: 2, loud1: 12 });
    // Agents see the same: the divergence of the outputs grows with the square of a thousandth.
    expect(probed.ofAll['faint1']! / probed.ofAll['loud1']!).toBeLessThan(0.001);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it.each([
    ['more than enough', 120, 50, 50, 20],
    ['too few', 40, 50, 30, 10],
    ['two', 2, 50, 1, 1],
  ])(
    'with probed weights looks at images that nothing was refit on, of %s training images',
    async (_, size, images, gathered, probed) => {
      const graph = await read(conv('a', 8, { inputShape: [6, 6, 2] }), conv('b', 8), conv('c', 4));
      const { groups } = channelGroups(graph);
      const dataset = smoothImages([6, 6, 2], size);
      let reads = new Set<number>();
      const recorded = {
        ...dataset,
        read: (split: 'train', indexes: readonly number[]) => {
          for (const index of indexes) reads.add(index);
          return dataset.read(split, indexes);
        },
      };
      const pruner = make({
        criterion: 'reconstruction',
        images,
        points: 36,
        weights: 'probed',
        probeImages: 20,
      });
      await pruner.prepare({ graph, groups, dataset: recorded, backend: tfjsBackend(), seed: 1 });
      const refitOn = reads;
      reads = new Set();
      await pruner.heuristics['reconstruction']!({
        groups,
        smallest: groups.map(() => 1),
        multiple: 1,
        nearest: (_group: number, channels: number) => channels,
        limits: [],
        used: () => 1,
        fits: () => true,
      });
      expect([refitOn.size, reads.size]).toEqual([gathered, probed]);
      expect([...reads].filter((index) => refitOn.has(index))).toEqual([]);
    },
  );
});
