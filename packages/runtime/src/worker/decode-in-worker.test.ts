import '@tensorflow/tfjs-backend-cpu';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { golden } from '../../test/golden.js';
import { loadModel } from '../index.js';
import { decodeWorkerSource } from './decode-worker-source.js';

beforeAll(() => tf.setBackend('cpu'));

it('gives the model that decoding on this thread gives, and leaves the bytes to the caller', async () => {
  const { bytes, values } = golden();
  const model = await loadModel(bytes, { worker: true });
  const kernel = model.getLayer('first').getWeights()[0]!;
  expect(Array.from(kernel.dataSync())).toEqual(values['first/kernel']!.values);
  model.dispose();
  expect(bytes).toEqual(golden().bytes);
});

it('leaves a Buffer to the caller', async () => {
  const buffer = Buffer.from(golden().bytes.buffer.slice(0));
  (await loadModel(buffer, { worker: true })).dispose();
  expect(new Uint8Array(buffer)).toEqual(golden().bytes);
});

it('refuses what is no worker, before it reads anything', async () => {
  const onProgress = jest.fn();
  await expect(loadModel(golden().bytes, { worker: 'x' as never, onProgress })).rejects.toMatchObject({
    name: 'ModelLoadError',
    code: 'WORKER_UNAVAILABLE',
    message: 'The option worker is neither a boolean nor a worker.',
    hint: expect.stringContaining('Give true'),
  });
  expect(onProgress).not.toHaveBeenCalled();
});

it('says as ever what is wrong with a file', async () => {
  const { bytes } = golden();
  for (const [damaged, code] of [
    [bytes.slice(0, 300), 'ARTIFACT_CORRUPT'],
    [bytes.map((byte, i) => (i === 8 ? 2 : byte)), 'ARTIFACT_UNSUPPORTED'],
  ] as const)
    await expect(loadModel(damaged, { worker: true })).rejects.toMatchObject({ name: 'ArtifactError', code });
  await expect(loadModel(bytes, { worker: true, maxWeights: 10 })).rejects.toThrow('the limit is 10');
});

it('is what tools/runtime-bundles.mjs makes of decode-worker.ts', () => {
  const script = `import('./tools/runtime-bundles.mjs').then(async ({ workerModule }) => process.stdout.write(await workerModule()))`;
  const made = execFileSync(process.execPath, ['-e', script], {
    cwd: join(__dirname, '../../../..'),
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const lines = [...made.matchAll(/^ {2}(".*"),$/gm)].map(([, line]) => JSON.parse(line!) as string);
  // Run `node tools/runtime-bundles.mjs` where this fails.
  expect(decodeWorkerSource).toBe(lines.join(''));
});
