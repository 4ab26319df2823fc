import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { channelGroups } from '@tersor/network';
import { readKeras } from './read-keras.js';
import { kerasOutputs, largestDifference, outputsOf, sample } from '../test/keras-outputs.js';

beforeAll(() => tf.setBackend('cpu'));

// What Keras 3 wrote, and what Keras 2 did.
const networks = { ...kerasOutputs('outputs.json'), ...kerasOutputs('keras2-outputs.json') };
for (const [name, expected] of Object.entries(networks)) {
  for (const ending of expected.endings) {
    it(`reads ${name}${ending} as a network that gives what Keras gave`, async () => {
      const architecture = ending === '.weights.h5' ? sample(`${name}.config.json`) : undefined;
      const graph = await readKeras(sample(name + ending), architecture);
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

it('reads arrays that are stored in pieces, shuffled and deflated, to the bit', async () => {
  const [packed, plain] = [
    await readKeras(sample('sequential-gzip.h5')),
    await readKeras(sample('sequential.h5')),
  ];
  expect(packed.layers).toEqual(plain.layers);
});
