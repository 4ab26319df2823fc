import '@tensorflow/tfjs-backend-cpu';
import { setBackend } from '@tensorflow/tfjs-core';
import type { Format, PluginContext } from '@tersor/core';
import { describeContract, formatContract } from '@tersor/testing';
import { readFile } from 'node:fs/promises';
import plugin from './index.js';
import { sample } from '../test/keras-outputs.js';

const context: PluginContext = { directory: sample('.'), seed: 1, get: () => Promise.reject(new Error()) };
const make = async (options: { architecture?: string } = {}): Promise<Format> =>
  plugin.create(options, context);

beforeAll(() => setBackend('cpu'));

describeContract('a .keras file', formatContract(make, sample('sequential.keras')));
describeContract('an .h5 file', formatContract(make, sample('nested.h5')));

it('recognises its files by what they hold, and archives of Keras whatever they are called', async () => {
  const recognises = async (name: string, path = name) =>
    (await make()).recognises({ path, head: (await readFile(sample(name))).subarray(0, 1 << 16) });
  expect(await recognises('sequential.keras')).toBe(true);
  expect(await recognises('sequential.keras', 'net.zip')).toBe(true);
  expect(await recognises('sequential.h5', 'net.bin')).toBe(true);
  expect(await recognises('sequential.weights.h5')).toBe(true);
  expect(await recognises('sequential.config.json')).toBe(false);
  expect((await make()).recognises({ path: 'a.zip', head: Buffer.from('PK\x03\x04other') })).toBe(false);
});

it('takes the architecture from the folder of the config, and counts it as a file of the model', async () => {
  const format = await make({ architecture: 'sequential.config.json' });
  const graph = await format.read(sample('sequential.weights.h5'));
  const whole = await (await make()).read(sample('sequential.keras'));
  expect(graph.layers).toEqual(whole.layers);
  expect(plugin.files?.({ architecture: 'net.json' })).toEqual(['net.json']);
  const missing = await make({ architecture: 'none.json' });
  await expect(missing.read(sample('sequential.weights.h5'))).rejects.toMatchObject({
    code: 'MODEL_NOT_FOUND',
  });
});
