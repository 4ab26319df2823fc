import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { channelGroups, cost } from '@tersor/network';
import { readKeras } from './read-keras.js';
import { kerasOutputs, largestDifference, outputsOf, sample } from '../test/keras-outputs.js';

beforeAll(() => tf.setBackend('cpu'));

// What Keras 3 wrote, and what Keras 2 did.
const networks = { ...kerasOutputs('outputs.json'), ...kerasOutputs('keras2-outputs.json') };
for (const [name, expected] of Object.entries(networks)) {
  for (const ending of expected.endings) {
    it(`reads ${name}${ending} as a network that gives what Keras gave`, async () => {
      const architecture = ending === '.weights.h5' ? sample(`${name}.config.json`) : undefined;
      const inputShape = name === 'open-sizes' ? expected.shape : undefined;
      const graph = await readKeras(sample(name + ending), { architecture, inputShape });
      expect(largestDifference(await outputsOf(graph, expected), expected.outputs)).toBeLessThan(1e-4);
    });
  }
}

it('reads channels that are dealt out as one layer each, which can be pruned', async () => {
  const graph = await readKeras(sample('shuffled.keras'));
  const shuffles = graph.layers.filter(({ className }) => className === 'TersorChannelShuffle');
  expect(shuffles.map(({ name }) => name)).toEqual(['apart0', 'apart1']);
  expect(channelGroups(graph).groups.flatMap(({ members }) => members.map(({ layer }) => layer))).toContain(
    'right1',
  );
});

it('counts and prunes a network of open sizes once they are named, and refuses sizes that do not fit', async () => {
  const path = sample('open-sizes.keras');
  const graph = await readKeras(path, { inputShape: [8, 6, 3] });
  expect(graph.calls[0]!.outputShape).toEqual([8, 6, 3]);
  expect(cost(graph).macs).toBe(8 * 6 * 9 * 3 * 4 + 6 * 4 * 9 * 4 * 5 + 5 * 3);
  expect(channelGroups(graph).groups.map(({ channels }) => channels)).toEqual([4, 5]);
  for (const inputShape of [
    [8, 6, 4],
    [8, 6],
    [8, 6, 3, 1],
  ])
    await expect(readKeras(path, { inputShape })).rejects.toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      message: expect.stringContaining('is [?, ?, 3], which inputShape') as string,
    });
  await expect(readKeras(sample('residual.keras'), { inputShape: [9, 8, 3] })).rejects.toMatchObject({
    message: expect.stringContaining('is [8, 8, 3]') as string,
  });
});

it('reads arrays that are stored in pieces, shuffled and deflated, to the bit', async () => {
  const [packed, plain] = [
    await readKeras(sample('sequential-gzip.h5')),
    await readKeras(sample('sequential.h5')),
  ];
  expect(packed.layers).toEqual(plain.layers);
});
