import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compressConfigSchema, readConfig } from '@tersor/core';
import { cifar10, imageFolder } from '@tersor/datasets';
import { parse } from 'yaml';
import { answersOf } from '../src/init/answers.js';
import { configText } from '../src/init/config-text.js';
import { tersor } from './tersor.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const ASKING = { ask: undefined, datasets: ['cifar10'], loadDataset: async () => cifar10 as never };

describe('tersor init', () => {
  let project: TinyProject;
  beforeAll(async () => void (project = await createTinyProject()));
  afterAll(() => rm(project.folder, { recursive: true, force: true }));

  const init = (...more: string[]) =>
    tersor('init', '--yes', '--model', project.model, '--dataset', 'cifar10', ...more);

  it('tries every scaling, says which gives which accuracy, and writes a config that compress takes', async () => {
    const out = join(project.folder, 'new/first.yaml');
    const data = [`dir=${project.data}`, 'validation=40'].flatMap((option) => ['--option', option]);
    const { code, out: text, err } = await init(...data, '--out', out, '--macs', '0.6', '--bytes', '0.5');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const lines = text.split('\n').filter((line) => line.includes('%'));
    for (const name of ['cifar10', 'zero-to-one', 'minus-one-to-one', 'imagenet', '0 to 255'])
      expect(lines.filter((line) => line.includes(name)).length).toBeGreaterThan(0);
    const shares = [...text.matchAll(/│\s+([\d.]+)% │\s+40 │/g)].map(([, share]) => Number(share));
    expect(shares).toHaveLength(5);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));

    const config = await readConfig(out, compressConfigSchema);
    expect(config.dataset).toMatchObject({ use: 'cifar10', dir: '../data', validation: 40 });
    expect(config.model).toBe('../model/model.json');
    expect(config.prune!.budget.macs).toBe(0.6);
    expect(config.prune).toMatchObject({
      environment: 'residual',
      agent: { use: 'ensemble' },
      reward: 'agreement',
    });
    expect((await readFile(out, 'utf8')).match(/the model has ([\d.]+)%/)![1]).toBe(shares[0]!.toFixed(1));

    const small = [
      'prune.search.episodes=2',
      'quantize.search.episodes=2',
      'prune.images=10',
      'prune.finetune.epochs=0',
    ]
      .concat('quantize.images=10', 'backend={ use: wasm, workers: 1 }')
      .flatMap((setting) => ['--set', setting]);
    const run = await tersor('compress', out, '--out', join(project.folder, 'run'), '--quiet', ...small);
    expect(run.code).toBe(0);
    expect(run.out).toContain('pruned + quantized');
  });

  it('says what is missing where it may not ask, and which option gives it', async () => {
    expect((await tersor('init', '--yes')).err).toContain('--model is missing');
    expect((await init()).err).toContain(
      '--option dir=... is missing: dir of cifar10: Folder with data_batch_',
    );
  });

  it('refuses a share that is none, and a file that is there, before any work', async () => {
    const dir = ['--option', `dir=${project.data}`];
    for (const [option, typed] of [
      ['--macs', '50'],
      ['--macs', '50%'],
      ['--bytes', 'abc'],
    ] as const)
      expect((await init(...dir, option, typed)).err).toContain(
        `${option} ${typed}: expected a share above 0, up to 1.`,
      );
    const { err } = await init(...dir, '--out', project.config);
    expect(err).toContain('compress.yaml already exists.');
    expect(parse(await readFile(project.config, 'utf8'))).toMatchObject({ seed: 3 });
  });
});

it('is JSON in a file whose name ends in .json, with the same settings as in YAML', () => {
  const tried = { name: 'imagenet', options: { std: [1, 1, 1] }, accuracy: 0.5, images: 40 };
  const text = (out: string) =>
    configText(
      { model: 'm.json', dataset: 'cifar10', options: { dir: 'd' }, macs: 0.5, bytes: 0.1, out },
      { backend: 'wasm', tried },
    );
  expect(JSON.parse(text('k.json'))).toEqual(parse(text('k.yaml')));
});

describe('the questions of tersor init', () => {
  it('are asked only for what is missing, with the options that the data set needs', async () => {
    const asked: string[] = [];
    const ask = async (question: string, fallback?: string) => {
      asked.push(question);
      return fallback ?? 'here';
    };
    expect(await answersOf({ model: 'm.json', macs: '0.3', options: {} }, { ...ASKING, ask })).toEqual({
      model: 'm.json',
      dataset: 'here',
      options: { dir: 'here' },
      macs: 0.3,
      bytes: 0.1,
      out: 'compress.yaml',
    });
    expect(asked).toEqual([
      'The data set (cifar10)',
      expect.stringMatching(/^dir of here: Folder with data_batch/),
      'Share of the bytes that may be left',
      'The config to write',
    ]);
  });

  it('do not ask for how pixels are scaled: that is tried', async () => {
    const given = {
      model: 'm',
      dataset: 'image-folder',
      options: { dir: 'd' },
      macs: '1',
      bytes: '1',
      out: 'o',
    };
    const loadDataset = async () => imageFolder as never;
    expect((await answersOf(given, { ...ASKING, loadDataset })).options).toEqual({ dir: 'd' });
  });
});
