import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StudyResults, TrialRecord } from '@tersor/study';
import { startStudy } from './study-process.js';
import { createTinyProject } from './tiny-project.js';

const STUDY = `name: trials
config: compress.yaml
set: { prune.finetune.epochs: 0, quantize.finetune.epochs: 0, prune.search.episodes: 2, quantize.search.episodes: 2 }
grid:
  reward:
    mine: { prune.reward: mine }
    accuracy: { prune.reward: accuracy }
seeds: [1]
baseline: { reward: accuracy }
keep: summaries
output: out
`;

/** A reward in a package of its own. */
const reward = (evaluate: string) => `
const options = { safeParse: (data) => ({ success: true, data }), parse: (data) => data };
module.exports = {
  tersorPlugin: 1, name: 'tersor-reward-mine', kind: 'reward', id: 'mine', core: '*', description: 'a test', options,
  create: () => ({ id: 'mine', evaluate: ${evaluate} }),
};
`;

describe('the trials of a study', () => {
  let folder: string;
  let path: string;
  let out: string;
  beforeAll(async () => {
    ({ folder } = await createTinyProject());
    [path, out] = [join(folder, 'study.yaml'), join(folder, 'study')];
    await writeFile(path, STUDY);
    await mkdir(join(folder, 'node_modules/tersor-reward-mine'), { recursive: true });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const plugin = async (version: string, evaluate: string) => {
    const manifest = { name: 'tersor-reward-mine', version, main: 'index.cjs' };
    await writeFile(join(folder, 'node_modules/tersor-reward-mine/package.json'), JSON.stringify(manifest));
    await writeFile(join(folder, 'node_modules/tersor-reward-mine/index.cjs'), reward(evaluate));
  };
  const results = async () => JSON.parse(await readFile(join(out, 'results.json'), 'utf8')) as StudyResults;

  test('are said by --dry-run, which writes nothing', async () => {
    await plugin('1.0.0', `() => { throw new Error('nothing to reward') }`);
    const { code, out: said } = await startStudy(path, out, '--dry-run').ended;
    expect({ code, said }).toEqual({
      code: 0,
      said: expect.stringMatching(
        /^[0-9a-f]{12} {2}to run {2}seed 1 {2}mine\n[^]*2 variants, 2 trials: 0 done, 2 to run/,
      ),
    });
    await expect(readdir(out)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('that fail by a plugin name it, with its stack, in the record and in the log; the others are done', async () => {
    const { code, err } = await startStudy(path, out).ended;
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('TRIALS_FAILED') });
    const { trials } = await results();
    expect(trials.map(({ variant, status }) => [variant, status])).toEqual([
      ['mine', 'failed'],
      ['accuracy', 'done'],
    ]);
    const trial = join(out, 'trials', trials[0]!.trial);
    const { error } = JSON.parse(await readFile(join(trial, 'trial.json'), 'utf8')) as TrialRecord & {
      error: string;
    };
    const log = await readFile(join(trial, 'log.txt'), 'utf8');
    for (const text of [error, log])
      expect(text).toMatch(/nothing to reward[\s\S]*tersor-reward-mine\/index\.cjs/);
    expect(error).toMatch(/^tersor: [\s\S]*mine/);
  });

  test('run with the plugin that was mended, are compared image by image, and keep their figures alone', async () => {
    await plugin('1.0.1', '({ accuracy }) => accuracy');
    const { code, err } = await startStudy(path, out, '--resume').ended;
    expect({ code, err }).toMatchObject({ code: 0 });
    const { trials, variants } = await results();
    expect(trials.map(({ status, testImages }) => [status, testImages])).toEqual([
      ['done', 40],
      ['done', 40],
    ]);
    expect(variants[0]).toMatchObject({ baseline: 'accuracy', differences: { testAccuracy: { count: 1 } } });
    const left = await readdir(join(out, 'trials', trials[0]!.trial));
    expect(left).toEqual(
      expect.arrayContaining([
        'outcomes.json',
        'summary.json',
        'policy.json',
        'episodes.jsonl',
        'trial.json',
        'log.txt',
      ]),
    );
    expect(left).not.toEqual(expect.arrayContaining(['model']));
    expect(left.filter((name) => ['model', 'model.tersor', 'pruned'].includes(name))).toEqual([]);
  });

  test('are not averaged with those of another version of the plugin', async () => {
    await plugin('1.1.0', '({ accuracy }) => accuracy');
    const { code, err } = await startStudy(path, out, '--resume', '--set', 'seeds=[1,2]').ended;
    expect({ code, err }).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /reward\/prune was .*1\.0\.1.* and is now .*1\.1\.0[\s\S]*CHECKPOINT_MISMATCH/,
      ),
    });
  });
});
