import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { compressConfigSchema, parseConfig } from '@tersor/core';
import { createStore } from './open-store.js';
import { packInputs } from './pack-inputs.js';
import type { TrialStore } from './trial-store.js';
import { unpackInputs } from './unpack-inputs.js';

const FILES = {
  'network/model.json': '{"weightsManifest": [{"paths": ["weights.bin"]}]}',
  'network/weights.bin': 'weights',
  'project/data.cjs': "require('./helper.cjs')",
  'project/helper.cjs': 'module.exports = 1',
  'project/table.json': '{}',
  'project/unnamed.txt': 'not an input',
  'images/a/1.bin': 'one',
  'images/node_modules/x/index.js': 'a package',
};

describe('inputs of trials', () => {
  let folder: string;
  let store: TrialStore;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tersor-inputs-'));
    for (const [name, text] of Object.entries(FILES)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    store = await createStore(join(folder, 'store'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const pack = (changes: object = {}) => {
    const config = {
      model: '../network/model.json',
      dataset: { use: './data.cjs', dir: '../images' },
      prune: { agent: 'random', budget: { macs: 0.5, latency: { table: 'table.json', share: 0.5 } } },
      ...changes,
    };
    return packInputs(store, [])(parseConfig(config, compressConfigSchema), join(folder, 'project'));
  };
  const cache = () => join(folder, 'cache');
  const below = async (path: string) =>
    (await readdir(path, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
      .sort();

  it('lie on another machine as the config names them, with what modules import, without packages', async () => {
    const start = await unpackInputs(store, await pack(), cache());
    expect(await readFile(join(start, '../network/weights.bin'), 'utf8')).toBe('weights');
    expect(await below(dirname(start))).toEqual([
      ...['images/a/1.bin', 'network/model.json', 'network/weights.bin'],
      ...['project/data.cjs', 'project/helper.cjs', 'project/table.json'],
    ]);
  });

  it('are the same list for the same content, and another where a file is another', async () => {
    const before = await pack();
    expect(await pack()).toBe(before);
    await writeFile(join(folder, 'project/helper.cjs'), 'module.exports = 2');
    expect(await pack()).not.toBe(before);
  });

  it('come to a machine once: what the cache has is not fetched', async () => {
    const list = await pack();
    await unpackInputs(store, list, cache());
    await rm(join(folder, 'store/inputs'), { recursive: true });
    const start = await unpackInputs(store, list, cache());
    expect(await readFile(join(start, 'data.cjs'), 'utf8')).toBe(FILES['project/data.cjs']);
  });

  it('that are damaged in the store are refused, and not kept', async () => {
    const list = await pack();
    await writeFile(join(folder, 'store/inputs', list.slice(0, 2), list), '{"directory": "", "files": {}}');
    await expect(unpackInputs(store, list, cache())).rejects.toThrow(/is damaged/);
    expect(await below(cache())).toEqual([]);
  });

  it('leave what a config names by an absolute path where it is', async () => {
    const start = await unpackInputs(
      store,
      await pack({ dataset: { use: './data.cjs', dir: join(folder, 'images') } }),
      cache(),
    );
    expect(await below(dirname(start))).not.toContain('images/a/1.bin');
  });

  it('have a store with one name, whoever opens it first', async () => {
    const [a, b] = await Promise.all([createStore(join(folder, 's')), createStore(join(folder, 's'))]);
    expect(b.id).toBe(a.id);
    expect(await readdir(join(folder, 's'))).toEqual(['inputs', 'store.json']);
  });
});
