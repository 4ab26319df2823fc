import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { models } from '@tensorflow/tfjs-layers';
import { golden } from '../../test/golden.js';
import { ArtifactError, decodeArtifact, loadModel, modelFromArtifact, type LoadOptions } from '../index.js';

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

describe('a load that is aborted', () => {
  afterEach(() => jest.restoreAllMocks());
  /** Not `rejects`, which would print a whole model where there is one. */
  const outcome = (options: LoadOptions) =>
    loadModel(golden().bytes, options).then(
      () => 'a model',
      ({ message }: Error) => message,
    );
  const stop = () => {
    const controller = new AbortController();
    return { signal: controller.signal, abort: () => controller.abort(new Error('enough')) };
  };

  it('ends before it builds, when another task aborts after decoding', async () => {
    const { signal, abort } = stop();
    const build = jest.spyOn(models, 'modelFromJSON');
    const later = setTimeout;
    jest.spyOn(globalThis, 'setTimeout').mockImplementation(((then: () => void) => {
      abort();
      return later(then);
    }) as never);
    expect(await outcome({ signal })).toBe('enough');
    expect(build).not.toHaveBeenCalled();
  });

  it('leaves no tensor when it is aborted while it builds', async () => {
    const before = tf.memory().numTensors;
    const { signal, abort } = stop();
    const build = models.modelFromJSON;
    jest.spyOn(models, 'modelFromJSON').mockImplementation(async (json) => {
      setTimeout(abort);
      return build(json);
    });
    expect(await outcome({ signal })).toBe('enough');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('does not wait for a backend', async () => {
    const { signal, abort } = stop();
    tf.registerBackend('never-ready', () => new Promise(() => undefined));
    const loading = outcome({ signal, backend: 'never-ready' });
    abort();
    try {
      expect(await loading).toBe('enough');
    } finally {
      tf.removeBackend('never-ready');
      await tf.setBackend('cpu');
    }
  });
});

it('reports weights that do not fit the topology as ARTIFACT_CORRUPT', async () => {
  const artifact = await decodeArtifact(golden().bytes);
  const error = await modelFromArtifact({ ...artifact, weights: artifact.weights.slice(1) }).catch(
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ArtifactError);
  expect((error as ArtifactError).code).toBe('ARTIFACT_CORRUPT');
});
