import * as tf from '@tensorflow/tfjs-core';
import { golden } from '../../test/golden.js';
import { loadModel, ModelLoadError } from '../index.js';

const failure = (options = {}) =>
  loadModel(golden().bytes, options).then(
    () => 'loaded',
    (error: unknown) => error,
  );

afterEach(() =>
  tf
    .engine()
    .backendNames()
    .forEach((name) => tf.removeBackend(name)),
);

it('says that tfjs has no backend, and how to give it one, rather than that the file is damaged', async () => {
  const error = await failure();
  expect(error).toBeInstanceOf(ModelLoadError);
  expect(error).toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    message: 'TensorFlow.js has no backend to run a model on.',
    hint: expect.stringContaining("Import '@tensorflow/tfjs-backend-wasm'"),
  });
});

it('says that the backend asked for is not there, and which are', async () => {
  tf.registerBackend('other', () => new tf.KernelBackend());
  expect(await failure({ backend: 'webgpu' })).toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    message: 'TensorFlow.js has no backend "webgpu"; there are other.',
    hint: expect.stringContaining("Import '@tensorflow/tfjs-backend-webgpu'"),
  });
});

it('says that a backend cannot start, and that the .wasm files may not be found', async () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation();
  tf.registerBackend('wasm', () => Promise.reject(new Error('no file')));
  for (const options of [{}, { backend: 'wasm' }])
    expect(await failure(options)).toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: 'The backend "wasm" of TensorFlow.js cannot start here.',
      hint: expect.stringContaining('setWasmPaths()'),
    });
  warn.mockRestore();
});

it('looks before anything is fetched', async () => {
  const fetched = jest.spyOn(globalThis, 'fetch');
  await expect(loadModel('https://example.invalid/model.tersor')).rejects.toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
  });
  expect(fetched).not.toHaveBeenCalled();
  fetched.mockRestore();
});
