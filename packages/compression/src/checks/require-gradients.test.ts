import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import type { Backend, LayerGraph } from '@tersor/core';
import { compileGradients, graphFromModel } from '@tersor/network';
import { requireGradients } from './require-gradients.js';

const { layers } = tfl;

/** As much of a backend as is asked. */
const backend = {
  id: 'test',
  capabilities: { training: true, precisions: ['float32'], workers: 1 },
  activate: async () => void (await tf.setBackend('cpu')),
  compileTraining: compileGradients,
} as Partial<Backend> as Backend;

async function graphOf(middle: unknown): Promise<LayerGraph> {
  await tf.setBackend('cpu');
  const model = tfl.sequential({
    layers: [
      layers.dense({ units: 4, inputShape: [6, 3] }),
      middle as ReturnType<typeof layers.flatten>,
      layers.flatten(),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  const graph = await graphFromModel(model);
  model.dispose();
  return graph;
}

it('names the layer that has no gradient, and leaves nothing behind', async () => {
  const graph = await graphOf(layers.masking({ name: 'masked' }));
  const before = tf.memory().numTensors;
  await expect(requireGradients(backend, graph)).rejects.toMatchObject({
    code: 'TRAINING_UNSUPPORTED',
    message: expect.stringContaining('Layer "masked" (Masking) has no gradient'),
  });
  expect(tf.memory().numTensors).toBe(before);
});

it.each([
  ['a thresholded ReLU', () => layers.thresholdedReLU({ theta: 0.5 })],
  ['a dilated convolution', () => layers.conv1d({ filters: 4, kernelSize: 2, dilationRate: 2 })],
  ['an LSTM', () => layers.lstm({ units: 4, returnSequences: true })],
])('takes %s', async (_, middle) => {
  const graph = await graphOf(middle());
  const before = tf.memory().numTensors;
  await requireGradients(backend, graph);
  expect(tf.memory().numTensors).toBe(before);
});

it('refuses a backend that does not train', async () => {
  const unable = { ...backend, capabilities: { ...backend.capabilities, training: false } };
  await expect(requireGradients(unable, await graphOf(layers.reLU()))).rejects.toMatchObject({
    code: 'TRAINING_UNSUPPORTED',
    message: expect.stringContaining('"test" cannot train'),
  });
});
