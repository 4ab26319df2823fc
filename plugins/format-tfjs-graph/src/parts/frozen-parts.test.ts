import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { channelGroups, cost, readNetwork, stockLayers, writeModel } from '@tersor/network';
import { comparePruned, randomRemovals } from '../../../../packages/network/test/equivalence.js';
import { graphModelOutputs, layerOutputs, type GraphFixture } from '../../test/graph-fixture.js';
import { around, attention, sampled } from '../../test/part-networks.js';
import { readGraphModel } from '../read-graph-model.js';

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'tersor-parts-'));
});
afterAll(() => rm(folder, { recursive: true }));

const written = (name: string, fixture: GraphFixture) => fixture.write(join(folder, name));

describe.each([
  ['attention', attention],
  ['positions that are drawn', sampled],
])('a part that is not understood: %s', (name, make) => {
  it('is one layer between those that are understood, and computes what TensorFlow.js does', async () => {
    const path = await written(`${name}/same`, make());
    const graph = await readGraphModel(path);
    const parts = graph.layers.filter(({ className }) => className === 'TersorFrozenPart');
    expect(parts).toHaveLength(1);
    expect(graph.layers.filter(({ className }) => className === 'Conv2D')).toHaveLength(3);
    const images = tf.randomNormal([3, 4, 6, 3], 0, 1, 'float32', 5);
    // Of three images at once: the file is asked for them one by one.
    const found = (await layerOutputs(graph, images)).flat();
    const right: number[] = [];
    for (const image of tf.split(images, 3))
      right.push(...(await graphModelOutputs(path, image, ['output'])).flat());
    expect(found).toHaveLength(9);
    found.forEach((value, i) => expect(value).toBeCloseTo(right[i]!, 5));
    expect(Math.abs(found[0]! - found[3]!)).toBeGreaterThan(1e-3);
    images.dispose();
  });

  it('stops the groups of channels, and what is around it is pruned', async () => {
    const graph = await readGraphModel(await written(`${name}/pruned`, make()));
    const { groups, barriers } = channelGroups(graph);
    expect(groups.map(({ name: own, channels }) => [own, channels])).toEqual([
      ['first', 7],
      ['third', 5],
    ]);
    expect(barriers.find(({ layer }) => layer === 'second')!.reason).toContain(
      'not understood (TersorFrozenPart)',
    );
    const { difference, effect, pruned } = await comparePruned(graph, randomRemovals(graph, 5), 5);
    expect(difference).toBeLessThan(1e-4);
    expect(effect).toBeGreaterThan(1e-3);
    expect(cost(pruned).macs).toBeLessThan(cost(graph).macs);
  });

  it('is written with the network, and read again, to the bit', async () => {
    const graph = await readGraphModel(await written(`${name}/before`, make()));
    await writeModel(graph, join(folder, `${name}/after`));
    const again = await readNetwork(join(folder, `${name}/after/model.json`));
    expect(again.calls).toEqual(graph.calls);
    const images = tf.randomNormal([2, 4, 6, 3], 0, 1, 'float32', 5);
    expect(await layerOutputs(again, images)).toEqual(await layerOutputs(graph, images));
    images.dispose();
  });

  it('is refused by name where a stock LayersModel is wanted', async () => {
    const graph = await readGraphModel(await written(`${name}/stock`, make()));
    expect(() => stockLayers(graph)).toThrow(/\(TersorFrozenPart\)/);
  });
});

it('is read up to an output of any shape, if that is asked for', async () => {
  const path = await written('place', sampled());
  const graph = await readGraphModel(path, { outputs: ['flat'] });
  const image = tf.randomNormal([1, 4, 6, 3], 0, 1, 'float32', 5);
  expect(await layerOutputs(graph, image)).toEqual(await graphModelOutputs(path, image, ['flat']));
  image.dispose();
});

it.each([
  ['NonMaxSuppressionV3', 'is not known'],
  ['Where', 'is not known'],
])('refuses %s before a kernel by name: sizes would depend on values', async (op, reason) => {
  const path = await written(
    `refused-${op}`,
    around((g, x) => g.node('boxes', op, [x])),
  );
  await expect(readGraphModel(path)).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: expect.stringContaining(`"boxes" (${op}) ${reason}`) as string,
  });
});

it.each([
  ['Tile', (g: GraphFixture) => [g.integers('times', [1, 2 ** 30, 1, 1])]],
  ['OneHot', (g: GraphFixture) => [2 ** 30, 1, 0].map((value, i) => g.scalar(`value${i}`, value))],
])('refuses a %s of more values than memory has, before any are computed', async (op, inputs) => {
  const path = await written(
    `large-${op}`,
    around((g, x) => {
      const best = g.node('best', 'Sin', [x]);
      const large = g.node('large', op, [best, ...inputs(g)]);
      return g.node('back', 'Reshape', [large, g.integers('back/shape', [-1, 4, 6, 4])]);
    }),
  );
  await expect(readGraphModel(path)).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: expect.stringMatching(/"large" .*1073741\d{3}/) as string,
  });
});

it('gives layers of nodes that TensorFlow.js cannot call so other names, and computes what it does', async () => {
  const graph = around((g, x) => {
    const sine = g.node('_model>sine', 'Sin', [x]);
    const w = g.constant('w', [1, 1, 4, 4]);
    const convolved = g.node('größe', 'Conv2D', [sine, w], g.nodes.find(({ op }) => op === 'Conv2D')!.attr);
    return g.node('-relu 1', 'Relu', [convolved]);
  });
  const path = await written('names', graph);
  const read = await readGraphModel(path);
  const names = read.layers.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['model_sine', 'gr__e', 'relu_1']));
  const image = tf.randomNormal([1, 4, 6, 3], 0, 1, 'float32', 5);
  const [found] = await layerOutputs(read, image);
  const [right] = await graphModelOutputs(path, image, ['output']);
  found!.forEach((value, i) => expect(value).toBeCloseTo(right![i]!, 5));
  image.dispose();
});
