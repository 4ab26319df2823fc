import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { channelGroups } from '@tersor/network';
import { comparePruned, randomRemovals } from '../../../../packages/network/test/equivalence.js';
import { attribute, graphModelOutputs, GraphFixture, layerOutputs } from '../../test/graph-fixture.js';
import { readGraphModel } from '../read-graph-model.js';

const { text, texts, integer, integers } = attribute;

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'tersor-dilations-'));
});
afterAll(() => rm(folder, { recursive: true }));

const valid = { strides: integers(1, 1, 1, 1), dilations: integers(1, 1, 1, 1), padding: text('VALID') };

/** A convolution whose pixels are taken apart before it, and put together after it. */
function spread(
  g: GraphFixture,
  x: string,
  name: string,
  op: string,
  inputs: string[],
  [block, paddings, crops]: readonly [number[], number[], number[]],
): string {
  const pairs = (own: string, values: number[]) => g.constant(`${name}/${own}`, [2, 2], values, 'int32');
  const apart = g.node(`${name}/apart`, 'SpaceToBatchND', [
    x,
    g.integers(`${name}/block`, block),
    pairs('paddings', paddings),
  ]);
  const made = g.node(name, op, [apart, ...inputs], {
    ...valid,
    ...(op.includes('Fused') && { fused_ops: texts('BiasAdd', 'Relu'), num_args: integer(1) }),
  });
  return g.node(`${name}/back`, 'BatchToSpaceND', [
    made,
    g.integers(`${name}/own_block`, block),
    pairs('crops', crops),
  ]);
}

/** Dilated convolutions: of the image's size, cropped because 7 is odd; of unlike rows and columns. */
function dilated(): GraphFixture {
  const g = new GraphFixture();
  const image = g.input([7, 6, 3]);
  const stem = g.node('stem', 'Conv2D', [image, g.constant('k', [3, 3, 3, 8])], {
    ...valid,
    padding: text('SAME'),
  });
  const kernel = g.constant('k1', [3, 3, 8, 1]);
  const bias = g.constant('b1', [8]);
  const first = spread(
    g,
    stem,
    'first',
    'FusedDepthwiseConv2dNative',
    [kernel, bias],
    [
      [2, 2],
      [2, 3, 2, 2],
      [0, 1, 0, 0],
    ],
  );
  const second = spread(
    g,
    first,
    'second',
    '_FusedConv2D',
    [g.constant('k2', [3, 2, 8, 6]), g.constant('b2', [6])],
    [
      [2, 3],
      [1, 0, 1, 2],
      [0, 0, 0, 0],
    ],
  );
  g.node('output', 'Conv2D', [second, g.constant('k3', [1, 1, 6, 4])], valid);
  return g;
}

it('reads a dilated convolution that is spelled out as one layer, which computes the same', async () => {
  const path = await dilated().write(join(folder, 'dilated'));
  const graph = await readGraphModel(path);
  const images = tf.randomNormal([2, 7, 6, 3], 0, 1, 'float32', 5);
  const found = (await layerOutputs(graph, images)).flat();
  const right = (await graphModelOutputs(path, images, ['output'])).flat();
  images.dispose();
  expect(found).toHaveLength(right.length);
  found.forEach((value, i) => expect(value).toBeCloseTo(right[i]!, 4));
  const rates = graph.layers.flatMap(({ name, config }) =>
    JSON.stringify(config['dilation_rate'] ?? [1, 1]) === '[1,1]' ? [] : [[name, config['dilation_rate']]],
  );
  expect(rates).toEqual([
    ['first/back', [2, 2]],
    ['second/back', [2, 3]],
  ]);
});

it('lets channels around a dilated convolution be pruned', async () => {
  const graph = await readGraphModel(await dilated().write(join(folder, 'pruned')));
  expect(channelGroups(graph).groups.map(({ channels }) => channels)).toEqual([8, 6]);
  const { difference, effect } = await comparePruned(graph, randomRemovals(graph, 5), 5);
  expect(difference).toBeLessThan(1e-4);
  expect(effect).toBeGreaterThan(1e-3);
});

it('refuses pixels that are put together in other blocks than they were taken apart', async () => {
  const g = new GraphFixture();
  const kernel = g.constant('k', [1, 1, 3, 4]);
  const x = spread(
    g,
    g.input([6, 6, 3]),
    'one',
    'Conv2D',
    [kernel],
    [
      [2, 2],
      [0, 0, 0, 0],
      [1, 0, 0, 0],
    ],
  );
  g.node('output', 'Conv2D', [x, g.constant('k3', [1, 1, 4, 4])], valid);
  await expect(readGraphModel(await g.write(join(folder, 'other')))).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: expect.stringContaining('"one/back"') as string,
  });
});

it('reads channels that are dealt out as one layer, past which a network is pruned', async () => {
  const g = new GraphFixture();
  const first = g.node('first', 'Conv2D', [g.input([4, 6, 3]), g.constant('k', [1, 1, 3, 8])], valid);
  const apart = g.node('apart', 'Reshape', [first, g.integers('groups', [-1, 4, 6, 2, 4])]);
  const turned = g.node('turned', 'Transpose', [apart, g.integers('order', [0, 1, 2, 4, 3])]);
  const back = g.node('back', 'Reshape', [turned, g.integers('whole', [-1, 4, 6, 8])]);
  g.node('output', 'Conv2D', [back, g.constant('k2', [1, 1, 8, 4])], valid);
  const path = await g.write(join(folder, 'shuffled'));
  const graph = await readGraphModel(path);
  expect(graph.layers.map(({ className }) => className)).toContain('TersorChannelShuffle');
  expect(channelGroups(graph).groups.map(({ channels }) => channels)).toEqual([4]);
  const images = tf.randomNormal([2, 4, 6, 3], 0, 1, 'float32', 5);
  const found = await layerOutputs(graph, images);
  expect(found).toEqual(await graphModelOutputs(path, images, ['output']));
  images.dispose();
});
