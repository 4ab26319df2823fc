import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { LayerGraph } from '@tersor/core';
import { run } from '../../test/masked-run.js';
import { comparePruned, randomRemovals } from '../../test/equivalence.js';
import { graphFromModel } from '../graph/model-graph.js';
import { channelGroups } from '../groups/channel-groups.js';
import { withChannelShuffles } from './channel-shuffles.js';

beforeAll(() => tf.setBackend('cpu'));

/** A convolution to eight channels, what is done with them, and one that reads them. */
async function around(between: (x: SymbolicTensor) => SymbolicTensor): Promise<LayerGraph> {
  const image = input({ shape: [3, 5, 2], name: 'image' });
  const first = layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same', name: 'first' });
  const last = layers.conv2d({ filters: 4, kernelSize: 1, name: 'last' });
  const x = between(first.apply(image) as SymbolicTensor);
  const made = model({ inputs: image, outputs: last.apply(x) as SymbolicTensor });
  const graph = await graphFromModel(made);
  made.dispose();
  return graph;
}

/** Channels dealt out as networks spell it: to groups, exchanged, and back. */
function spelled(groups: number, dims = [1, 2, 4, 3], back = [3, 5, 8]) {
  return (x: SymbolicTensor): SymbolicTensor => {
    const apart = layers.reshape({ targetShape: [3, 5, groups, 8 / groups], name: 'apart' }).apply(x);
    const turned = layers.permute({ dims, name: 'turned' }).apply(apart);
    return layers.reshape({ targetShape: back, name: 'back' }).apply(turned) as SymbolicTensor;
  };
}

it.each([2, 4])('makes one layer of a shuffle of %i groups, which computes the same', async (groups) => {
  const graph = await around(spelled(groups));
  const found = withChannelShuffles(graph);
  expect(found.calls.map(({ layer }) => layer)).toEqual(['image', 'first', 'apart', 'last']);
  expect(found.layers[2]).toMatchObject({ className: 'TersorChannelShuffle', config: { groups } });
  const image = tf.randomNormal([2, 3, 5, 2], 0, 1, 'float32', 3);
  expect(await run(found, [image])).toEqual(await run(graph, [image]));
  image.dispose();
});

it('lets channels before a spelled-out shuffle be pruned, which reshapes alone would not', async () => {
  const graph = await around(spelled(2));
  const found = withChannelShuffles(graph);
  expect(channelGroups(graph).groups).toHaveLength(0);
  expect(channelGroups(found).groups.map(({ name }) => name)).toEqual(['first']);
  const { difference, effect } = await comparePruned(found, randomRemovals(found, 5), 5);
  expect(difference).toBeLessThan(1e-5);
  expect(effect).toBeGreaterThan(1e-3);
});

it('leaves alone what is no shuffle: other axes exchanged, another shape after it, a part that is read too', async () => {
  const readTwice = (x: SymbolicTensor) => {
    const apart = layers.reshape({ targetShape: [3, 5, 2, 4], name: 'apart' }).apply(x);
    const turned = layers.permute({ dims: [1, 2, 4, 3], name: 'turned' }).apply(apart);
    const both = ['back', 'other'].map((name) =>
      layers.reshape({ targetShape: [3, 5, 8], name }).apply(turned),
    );
    return layers.add({ name: 'sum' }).apply(both as SymbolicTensor[]) as SymbolicTensor;
  };
  for (const between of [
    spelled(2, [2, 1, 3, 4], [5, 3, 8]),
    spelled(2, [1, 2, 4, 3], [5, 3, 8]),
    readTwice,
  ]) {
    const graph = await around(between);
    expect(withChannelShuffles(graph)).toBe(graph);
  }
});
