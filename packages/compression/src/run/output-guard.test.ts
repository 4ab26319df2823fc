import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compressConfigSchema, parseConfig } from '@tersor/core';
import { requireFreeOutput, stagingFolder, sweepStaging } from './output-folder.js';
import { requireFreeModelFolder } from './output-guard.js';

let folder: string;
const at = (...path: string[]) => join(folder, ...path);
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'tersor-guard-')));
  await writeModelAt('model', 'Keras');
  await write('c.yaml', 'the config');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(at(path), '..'), { recursive: true });
  await writeFile(at(path), text);
}

async function writeModelAt(path: string, generatedBy: string, weights = 'weights.bin'): Promise<void> {
  await write(
    `${path}/model.json`,
    JSON.stringify({ generatedBy, weightsManifest: [{ paths: [weights], weights: [] }] }),
  );
  await write(`${path}/${weights}`, 'precious');
}

const config = (change: object) =>
  parseConfig(
    { model: 'model/model.json', dataset: { use: 'idx', dir: 'data' }, ...change },
    compressConfigSchema,
  );
const check = (output: string, change: object = {}) =>
  requireFreeOutput(config(change), {
    output: at(output),
    directory: folder,
    alsoRead: [{ name: 'the config', path: at('c.yaml') }],
  });
const refusal = (message: RegExp) =>
  expect.objectContaining({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(message) as unknown,
    hint: expect.stringMatching(/--out/) as unknown,
  });

describe('requireFreeOutput', () => {
  it('lets a new folder, a folder with earlier results, and the folder of the model itself be', async () => {
    await check('out');
    await writeModelAt('out/model', 'Tersor');
    await writeModelAt('out/pruned', 'Tersor');
    await write('out/summary.json', '{"baseline":{}}');
    await write('out/notes.txt', 'mine');
    await check('out');
    await check('model');
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['the trained model', () => check('.'), /model would be replaced, but "model" of the config lies in it/],
    ['it by way of ..', () => check('model/..'), /lies in it/],
    [
      'it through a link to the output folder',
      async () => (await symlink(folder, at('link')), check('link')),
      /lies in it/,
    ],
    [
      'it through a link in the model’s path',
      async () => (
        await writeModelAt('out/pruned', 'Tersor'),
        await symlink(at('out/pruned'), at('nice')),
        check('out', { model: 'nice/model.json' })
      ),
      /pruned would be replaced/,
    ],
    [
      'a link that the model is read through',
      async () => (
        await mkdir(at('out')),
        await symlink(at('model'), at('out/model')),
        check('out', { model: 'out/model/model.json' })
      ),
      /lies in it/,
    ],
    [
      'its weights, which lie elsewhere',
      async () => (
        await writeModelAt('far', 'Keras', '../out/model/w.bin'),
        check('out', { model: 'far/model.json' })
      ),
      /a weight file of "model" of the config/,
    ],
    [
      'the data set',
      async () => (
        await write('out/pruned/data/images', ''),
        check('out', { dataset: { use: 'idx', dir: 'out/pruned/data' } })
      ),
      /"dataset\.dir" of the config lies in it/,
    ],
    [
      'a latency table',
      async () => (
        await write('out/layers.json', '{}'),
        check('out', {
          prune: { agent: 'random', budget: { latency: { table: 'out/layers.json', share: 0.5 } } },
        })
      ),
      /layers\.json would be replaced, but it is "prune\.budget\.latency\.table"/,
    ],
    [
      'a plugin',
      async () => (
        await write('out/model/reward.js', ''),
        check('out', { prune: { agent: 'random', reward: './out/model/reward.js', budget: { macs: 0.5 } } })
      ),
      /"prune\.reward" of the config lies in it/,
    ],
    [
      'the config',
      async () => (
        await write('out/policy.json', '{}'),
        requireFreeOutput(config({}), {
          output: at('out'),
          directory: folder,
          alsoRead: [{ name: 'the config', path: at('out/policy.json') }],
        })
      ),
      /but it is the config/,
    ],
    [
      'a folder of that name that holds something else',
      async () => (await write('out/pruned/branches.txt', ''), check('out')),
      /pruned would be replaced, but it holds branches\.txt, which no compression wrote/,
    ],
    [
      'a model of that name from elsewhere',
      async () => (await writeModelAt('out/model', 'Keras'), check('out')),
      /model\.json would be replaced, but it is a file that Tersor did not write/,
    ],
    [
      'a file of that name',
      async () => (await write('out/model', ''), check('out')),
      /model would be replaced, but it is a file/,
    ],
    [
      'a summary of something else',
      async () => (await write('out/summary.json', '{"title":"mine"}'), check('out')),
      /summary\.json would be replaced/,
    ],
  ])('refuses to replace %s', async (_, act, message) => {
    await expect(act()).rejects.toEqual(refusal(message));
  });
});

describe('requireFreeModelFolder', () => {
  it('refuses the model that is read, under any name, and one that Tersor did not write', async () => {
    const precious = [{ name: 'the model', path: at('model/model.json') }];
    await expect(requireFreeModelFolder(at('model'), precious)).rejects.toEqual(
      refusal(/model\.json would be replaced, but it is the model/),
    );
    await expect(
      requireFreeModelFolder(at('model'), [{ name: 'the weights', path: at('model/weights.bin') }]),
    ).rejects.toEqual(refusal(/weights\.bin would be replaced, but it is the weights/));
    await expect(requireFreeModelFolder(at('model'), [])).rejects.toEqual(refusal(/Tersor did not write/));
    await requireFreeModelFolder(at('new'), precious);
    await writeModelAt('own', 'Tersor');
    await requireFreeModelFolder(at('own'), precious);
  });
});

test('what a killed run had put together is swept, and nothing else', async () => {
  await write('out/.partial-999999/model/weights.bin', '');
  await write('out/model.tersor', '');
  await mkdir(stagingFolder(at('out')));
  await sweepStaging(at('out'));
  await expect(realpath(at('out/.partial-999999'))).rejects.toThrow('ENOENT');
  expect(await realpath(at('out/model.tersor'))).toBe(at('out/model.tersor'));
});
