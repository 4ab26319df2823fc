import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { golden } from '../../test/golden.js';
import { ArtifactError, decodeArtifact, loadModel, modelFromArtifact } from '../index.js';

beforeAll(() => tf.setBackend('cpu'));

it('gives a stock LayersModel that predicts, and leaks no tensor once disposed', async () => {
  const before = tf.memory().numTensors;
  const model = await loadModel(golden().bytes);
  const output = tf.tidy(() => (model.predict(tf.ones([2, 8, 8, 3])) as tf.Tensor).dataSync());
  expect(output).toHaveLength(20);
  expect(output.every(Number.isFinite)).toBe(true);
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

it('puts the decoded values into the layers', async () => {
  const { bytes, values } = golden();
  const model = await loadModel(bytes);
  for (const name of ['first', 'second', 'third', 'fourth', 'fifth']) {
    const kernel = model.getLayer(name).getWeights()[0]!;
    const entry = values[`${name}/${name === 'second' ? 'depthwise_kernel' : 'kernel'}`]!;
    expect([kernel.shape, Array.from(kernel.dataSync())]).toEqual([entry.shape, entry.values]);
  }
  model.dispose();
});

it('loads from a URL and from a response, and reports a status that is none', async () => {
  const { bytes } = golden();
  const url = `data:application/octet-stream;base64,${Buffer.from(bytes).toString('base64')}`;
  (await loadModel(url)).dispose();
  (await loadModel(new Response(bytes))).dispose();
  await expect(loadModel(new Response('gone', { status: 404 }))).rejects.toThrow('status 404');
});

it('reports weights that do not fit the topology as ARTIFACT_CORRUPT', async () => {
  const artifact = await decodeArtifact(golden().bytes);
  const error = await modelFromArtifact({ ...artifact, weights: artifact.weights.slice(1) }).catch(
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ArtifactError);
  expect((error as ArtifactError).code).toBe('ARTIFACT_CORRUPT');
});
