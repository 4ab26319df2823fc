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

const identify = (model = 'model/model.json', latency?: { table: string; milliseconds: number }) => {
  const budget = latency ? { latency } : { macs: 0.5 };
  const config = {
    model,
    dataset: { use: 'idx', dir: 'data', classes: ['a', 'b'] },
    prune: { agent: 'random', reward: 'mine', budget },
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

  it('knows the content of latency tables', async () => {
    await writeFile(join(folder, 'table.json'), '1');
    const { latencyTables } = await identify(undefined, { table: 'table.json', milliseconds: 1 });
    await writeFile(join(folder, 'table.json'), '2');
    expect(Object.keys(latencyTables)).toEqual(['table.json']);
    expect((await identify(undefined, { table: 'table.json', milliseconds: 1 })).latencyTables).not.toEqual(
      latencyTables,
    );
  });
});

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
