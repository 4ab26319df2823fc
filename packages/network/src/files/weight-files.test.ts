import '@tensorflow/tfjs-backend-cpu';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { writeModel } from './model-files.js';
import { modelBytes, readNetwork } from './read-network.js';
import { graphFromModel } from '../graph/model-graph.js';

let folder: string;
let path: string;
let json: {
  weightsManifest: { paths: unknown; weights: Record<string, unknown>[] }[];
  modelTopology: Record<string, unknown>;
};
beforeEach(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'tersor-weights-'));
  const model = tfl.sequential({ layers: [tfl.layers.dense({ name: 'd', units: 2, inputShape: [3] })] });
  await writeModel(await graphFromModel(model), join(folder, 'model'));
  path = join(folder, 'model/model.json');
  json = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(join(folder, 'secret.bin'), await readFile(join(folder, 'model/weights.bin')));
});
afterEach(() => rm(folder, { recursive: true }));

const withPaths = (...paths: unknown[]) =>
  writeFile(path, JSON.stringify({ ...json, weightsManifest: [{ ...json.weightsManifest[0], paths }] }));

it.each([
  '../secret.bin',
  '%2e%2e/secret.bin',
  '%252e%252e%252fsecret.bin',
  '..\\secret.bin',
  'sub/../../secret.bin',
  'C:\\secret.bin',
  'file:///secret.bin',
  'https://host/x.bin',
])('refuses the weight file %s, which is not in the folder of the model', async (name) => {
  await withPaths(name);
  await expect(readNetwork(path)).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringContaining(`${name}, which is not in the folder`),
  });
  await expect(modelBytes(path)).rejects.toMatchObject({ code: 'MODEL_INVALID' });
});

it('refuses an absolute path, and a link that leads out of the folder', async () => {
  await withPaths(join(folder, 'secret.bin'));
  await expect(readNetwork(path)).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringContaining('not in the folder'),
  });
  await symlink('../secret.bin', join(folder, 'model/link.bin'));
  await withPaths('link.bin');
  await expect(readNetwork(path)).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringContaining('a link out of the folder'),
  });
  await symlink(folder, join(folder, 'model/outside'));
  await withPaths('outside/secret.bin');
  await expect(readNetwork(path)).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringContaining('a link out of the folder'),
  });
});

it('reads weight files below the folder, links within it, and a folder that is a link itself', async () => {
  await mkdir(join(folder, 'model/sub'));
  await symlink('../weights.bin', join(folder, 'model/sub/100%.bin'));
  await withPaths('sub/100%.bin');
  await symlink(join(folder, 'model'), join(folder, 'other'));
  for (const model of [path, join(folder, 'other/model.json'), join(folder, 'other')])
    expect((await readNetwork(model)).layers).toHaveLength(2);
  expect(await modelBytes(join(folder, 'other'))).toBe((await readFile(path)).length + 32);
});

it('does not open a pipe, a device or a folder as a weight file', async () => {
  execFileSync('mkfifo', [join(folder, 'model/pipe')]);
  for (const name of ['pipe', '.']) {
    await withPaths(name);
    await expect(readNetwork(path)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('is not a file'),
    });
  }
});

it('checks the sizes before it reads: a manifest of 2^40 values is a typed error at once', async () => {
  json.weightsManifest[0]!.weights[0]!['shape'] = [2 ** 20, 2 ** 20];
  await withPaths('weights.bin');
  await expect(readNetwork(path)).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringContaining('hold 32 bytes, but the manifest describes'),
  });
});

it('takes no memory for layers that are larger than the weights in the files', async () => {
  const topology = json.modelTopology as { config: { layers: { config: Record<string, unknown> }[] } };
  topology.config.layers[1]!.config['units'] = 2 ** 30;
  await withPaths('weights.bin');
  const before = tf.memory().numTensors;
  await expect(readNetwork(path)).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringContaining('more weights than the 8'),
  });
  expect(tf.memory().numTensors).toBe(before);
});

const entry = { name: 'd/kernel', shape: [3, 2], dtype: 'float32' };
it.each<[string, unknown, RegExp]>([
  ['null as a group', [null], /weightsManifest\[0\]/],
  ['no paths', [{ weights: [] }], /weightsManifest\[0\]\.paths/],
  ['a number as a path', [{ paths: [3], weights: [] }], /paths\[0\]/],
  ['null as a weight', [{ paths: [], weights: [null] }], /weights\[0\]/],
  ['no shape', [{ paths: [], weights: [{ name: 'a', dtype: 'float32' }] }], /shape/],
  ['a negative size', [{ paths: [], weights: [{ ...entry, shape: [-1] }] }], /shape\[0\]/],
  ['half a size', [{ paths: [], weights: [{ ...entry, shape: [1.5] }] }], /shape\[0\]/],
  ['an unknown type', [{ paths: [], weights: [{ ...entry, dtype: 'float64' }] }], /dtype: .*float32/],
  [
    'an odd quantization',
    [{ paths: [], weights: [{ ...entry, quantization: { dtype: 'uint4' } }] }],
    /quantization\.dtype/,
  ],
  ['a weight twice', [{ paths: ['weights.bin'], weights: [entry, entry] }], /the weight "d\/kernel" twice/],
  ['a file twice', [{ paths: ['weights.bin', './weights.bin'], weights: [entry] }], /weights\.bin twice/],
])('refuses a manifest with %s', async (_name, weightsManifest, message) => {
  await writeFile(path, JSON.stringify({ ...json, weightsManifest }));
  await expect(readNetwork(path)).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringMatching(message),
  });
});

it('reads a model.json with a byte order mark', async () => {
  await writeFile(path, `\ufeff${JSON.stringify(json)}`);
  expect((await readNetwork(path)).layers).toHaveLength(2);
});

it.each<[string, (topology: { config: { layers: Record<string, unknown>[] } }) => void, RegExp]>([
  ['a circle', ({ config }) => (config.layers[1]!['inbound_nodes'] = [[['d', 0, 0, {}]]]), /"d".*circle/],
  [
    'an input from nowhere',
    ({ config }) => (config.layers[1]!['inbound_nodes'] = [[['gone', 0, 0, {}]]]),
    /"gone", which is not there/,
  ],
  [
    'a layer without a config',
    ({ config }) => config.layers.push({ name: 'x', class_name: 'Dense' }),
    /without a config/,
  ],
])('refuses a topology with %s instead of waiting for ever', async (_name, change, message) => {
  change(json.modelTopology as never);
  await withPaths('weights.bin');
  await expect(readNetwork(path)).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringMatching(message),
  });
});

it('refuses JSON that is nested 100,000 levels deep', async () => {
  await writeFile(path, `{"modelTopology":${'{"a":'.repeat(1e5)}1${'}'.repeat(1e5)},"weightsManifest":[]}`);
  await expect(readNetwork(path)).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringContaining('deeper than 256'),
  });
});
