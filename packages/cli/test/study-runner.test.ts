import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StudyRecord, StudyResults } from '@tersor/study';
import { createTinyProject } from './tiny-project.js';
import { tersor } from './tersor.js';

const own = join(__dirname, 'own-runner/runner.cjs');

describe('the runner that a study file names', () => {
  let folder: string;
  let out: string;
  beforeAll(async () => {
    ({ folder } = await createTinyProject());
    out = join(folder, 'study');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const study = async (runner: string, ...more: string[]) => {
    const path = join(folder, 'study.yaml');
    const settings = 'prune.finetune.epochs: 0, quantize.finetune.epochs: 0';
    await writeFile(
      path,
      `{ name: own, config: compress.yaml, set: { ${settings} }, grid: { prune.budget.macs: [0.6] }, seeds: [1], ` +
        `output: out${runner === '' ? '' : `, runner: ${runner}`} }`,
    );
    return tersor('study', path, '--out', out, ...more);
  };

  test('runs its trials, although it lies in a folder of its own and is known nowhere else', async () => {
    const { code, err } = await study(`{ use: ${own}, greeting: hello }`);
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('hello') });
    const results = JSON.parse(await readFile(join(out, 'results.json'), 'utf8')) as StudyResults;
    expect(results.trials.map(({ status }) => status)).toEqual(['done']);
    expect(results.trials[0]!.figures.macs).toBeGreaterThan(0);
    expect(await readdir(join(out, 'trials', results.trials[0]!.trial))).toContain('model.tersor');
    const record = JSON.parse(await readFile(join(out, 'study.json'), 'utf8')) as StudyRecord;
    expect(record.study.runner).toEqual({ use: own, greeting: 'hello' });
  });

  test.each([
    ['nobody', [], 'PLUGIN_NOT_FOUND', 'child-process'],
    [`{ use: ${own}, greting: hello }`, [], 'PLUGIN_OPTIONS_INVALID', 'greeting'],
    [`{ use: ${own}, greeting: hello }`, ['--jobs', '2'], 'PLUGIN_OPTIONS_INVALID', 'concurrency'],
    ['{ use: child-process, concurrency: 0 }', [], 'PLUGIN_OPTIONS_INVALID', 'concurrency'],
  ])('is checked before anything begins: %s %j', async (runner, more, code, word) => {
    const place = join(folder, 'unused');
    const { code: exit, err } = await study(runner, '--out', place, ...more);
    expect({ exit, err }).toEqual({ exit: 1, err: expect.stringContaining(code) });
    expect(err).toContain(word);
    await expect(readdir(place)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is child-process where it names none, with the option that --jobs gives it', async () => {
    const { code, out: said } = await study('', '--out', join(folder, 'planned'), '--jobs', '3', '--dry-run');
    expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('1 trials: 0 done, 1 to run') });
  });
});
