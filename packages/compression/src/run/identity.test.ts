import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { compressConfigSchema, parseConfig, type Dataset, type LayerGraph } from '@tersor/core';
import { copyWeights, withWeights, writeModel, graphFromModel } from '@tersor/network';
import { datasetFingerprint } from './dataset-fingerprint.js';
import { identifyCompression, TERSOR_VERSION } from './identity.js';
import { withoutStageTwo } from './origin.js';

let folder: string;
let graph: LayerGraph;
beforeEach(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'tersor-identity-'));
  graph = await graphFromModel(
    tfl.sequential({
      layers: [tfl.layers.flatten({ inputShape: [2, 2, 1] }), tfl.layers.dense({ units: 2 })],
    }),
  );
  await writeModel(graph, join(folder, 'model'));
  await mkdir(join(folder, 'data'));
  for (const prefix of ['train', 't10k']) await writeImages(prefix, 4, 0);
  await writePlugin('1.0.0');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function writeImages(prefix: string, count: number, first: number): Promise<void> {
  const header = (...sizes: number[]) => [0, 0, 8, sizes.length, ...sizes.flatMap((size) => [0, 0, 0, size])];
  await writeFile(
    join(folder, `data/${prefix}-images-idx3-ubyte`),
    Buffer.from([...header(count, 2, 2), ...Array.from({ length: 4 * count }, (_, i) => first + i)]),
  );
  await writeFile(
    join(folder, `data/${prefix}-labels-idx1-ubyte`),
    Buffer.from([...header(count), ...Array.from({ length: count }, (_, i) => i % 2)]),
  );
}

async function writePlugin(version: string): Promise<void> {
  const root = join(folder, 'node_modules/tersor-reward-mine');
  await mkdir(root, { recursive: true });
  await writeFile(join(root, 'package.json'), JSON.stringify({ name: 'tersor-reward-mine', version }));
  const options = '{ safeParse: (data) => ({ success: true, data }) }';
  await writeFile(
    join(root, 'index.js'),
    `module.exports = { tersorPlugin: 1, name: 'tersor-reward-mine', kind: 'reward', id: 'mine', core: '>=0.1.0', options: ${options}, create: () => ({}) };`,
  );
}

const identify = (model = 'model/model.json', prune = {}, quantize?: object) => {
  const config = {
    model,
    dataset: { use: 'idx', dir: 'data', classes: ['a', 'b'] },
    prune: { agent: 'random', reward: 'mine', budget: { macs: 0.5, ...prune } },
    ...(quantize && { quantize: { agent: 'random', budget: { bytes: 0.5, ...quantize } } }),
  };
  return identifyCompression(parseConfig(config, compressConfigSchema), {
    directory: folder,
    searchFrom: [__dirname],
  });
};

describe('identifyCompression', () => {
  it('is the same for the same things, wherever they lie', async () => {
    const before = await identify();
    await cp(join(folder, 'model'), join(folder, 'elsewhere'), { recursive: true });
    expect(await identify('elsewhere/model.json')).toEqual(before);
    expect(before.tersor).toBe(TERSOR_VERSION);
    expect(before.plugins).toMatchObject({
      'reward/prune': 'tersor-reward-mine#mine 1.0.0',
      'agent/prune': `@tersor/agent-baselines#random ${TERSOR_VERSION}`,
      dataset: `@tersor/datasets#idx ${TERSOR_VERSION}`,
    });
  });

  it.each<[string, 'model' | 'dataset' | 'plugins', () => Promise<unknown>]>([
    [
      'one weight',
      'model',
      () =>
        writeModel(
          withWeights(
            graph,
            copyWeights(graph).map((data, i) => (i === 0 ? data.fill(0.5, 3, 4) : data)),
          ),
          join(folder, 'model'),
        ),
    ],
    ['one test image less', 'dataset', () => writeImages('t10k', 3, 0)],
    ['other training images', 'dataset', () => writeImages('train', 4, 1)],
    ["a plugin's version", 'plugins', () => writePlugin('1.0.1')],
  ])('differs by %s, and says where', async (_, key, change) => {
    const before = await identify();
    await change();
    const after = await identify();
    expect(after[key]).not.toEqual(before[key]);
    expect({ ...after, [key]: before[key] }).toEqual(before);
  });

  it.each([
    ['a latency table', 'prune.budget.latency', { latency: { table: 'table.json', milliseconds: 1 } }],
    [
      'a latency table under the name of another limit',
      'prune.budget.ours',
      { macs: 0.5, ours: { use: 'latency', table: 'table.json', share: 0.5 } },
    ],
    [
      "a file of somebody else's limit",
      'prune.budget.energy',
      { energy: { use: './energy.cjs', table: 'table.json' } },
    ],
  ])('knows the content of %s, wherever the config names it', async (_, place, budget) => {
    await writeFile(join(folder, 'energy.cjs'), energyLimit);
    await writeFile(join(folder, 'table.json'), '1');
    const before = await identify(undefined, budget);
    await writeFile(join(folder, 'table.json'), '2');
    const after = await identify(undefined, budget);
    expect(Object.keys(before.files)).toEqual([`${place}: table.json`]);
    expect(after.files).not.toEqual(before.files);
    expect({ ...after, files: before.files }).toEqual(before);
  });

  it('leaves out of stage 1 what a limit of stage 2 reads', async () => {
    await writeFile(join(folder, 'energy.cjs'), energyLimit);
    await writeFile(join(folder, 'table.json'), '1');
    const energy = { use: './energy.cjs', table: 'table.json' };
    const identity = await identify(undefined, { energy }, { energy });
    const keys = Object.keys(withoutStageTwo({ config: {}, identity }).identity.files);
    expect(Object.keys(identity.files)).toEqual([
      'prune.budget.energy: table.json',
      'quantize.budget.energy: table.json',
    ]);
    expect(keys).toEqual(['prune.budget.energy: table.json']);
    expect(identity.plugins).toHaveProperty(['limit/quantize.budget.energy']);
    const { plugins } = withoutStageTwo({ config: {}, identity }).identity;
    expect(Object.keys(plugins).filter((key) => key.startsWith('limit/'))).toEqual([
      'limit/prune.budget.energy',
    ]);
  });

  it('names a file that is not there, and where the config names it', async () => {
    await expect(identify(undefined, { latency: { table: 'none.json', share: 0.5 } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('prune.budget.latency: the file none.json cannot be read'),
    });
  });

  it.each([
    ["() => 'table.json'", 'PLUGIN_MISBEHAVED', 'files gave "table.json"; expected a list of paths'],
    ["() => { throw new Error('no luck'); }", 'PLUGIN_FAILED', 'threw in files: no luck'],
    ['3', 'PLUGIN_INVALID', 'its files is no function'],
  ])('blames the plugin for files: %s', async (files, code, message) => {
    await writeFile(join(folder, 'energy.cjs'), energyLimit.replace('({ table }) => [table]', files));
    const energy = { use: './energy.cjs', table: 'table.json' };
    await expect(identify(undefined, { energy })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });
});

/** A limit as somebody else writes one, which reads a file and says so. */
const energyLimit = `module.exports = {
  tersorPlugin: 1, name: 'energy', kind: 'limit', id: 'energy', core: '*', description: 'energy',
  options: { safeParse: (data) => ({ success: true, data }) },
  files: ({ table }) => [table],
  create: () => ({ id: 'energy' }),
};`;

describe('datasetFingerprint', () => {
  const dataset = (value: (index: number) => number, label = (index: number) => index % 2): Dataset => ({
    id: 'third',
    imageShape: [1, 1, 1],
    classNames: ['a', 'b'],
    padValue: [0],
    size: (split) => (split === 'train' ? 1000 : 3),
    read: async (_split, indexes) => ({
      images: Float32Array.from(indexes, value),
      labels: Int32Array.from(indexes, label),
    }),
  });

  it('of a data set that has none of its own is a hash over a sample of images and labels', async () => {
    const before = await datasetFingerprint(dataset((index) => index));
    expect(await datasetFingerprint(dataset((index) => index))).toBe(before);
    expect(await datasetFingerprint(dataset((index) => index + 0.5))).not.toBe(before);
    expect(
      await datasetFingerprint(
        dataset(
          (index) => index,
          () => 0,
        ),
      ),
    ).not.toBe(before);
    expect(await datasetFingerprint({ ...dataset((index) => index), size: () => 3 })).not.toBe(before);
  });
});
