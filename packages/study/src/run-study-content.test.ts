import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunIdentity, TrialRunner } from '@tersor/core';
import { identity, instantRunner, studyFolder, summaryOf } from '../test/fixtures.js';
import { runInFolder } from '../test/run-in-folder.js';
import type { RunStudyOptions } from './run-study.js';
import { folderStore } from './results/result-store.js';

describe('the content that trials come from', () => {
  let place: Awaited<ReturnType<typeof studyFolder>>;
  let calls: string[];
  beforeEach(async () => {
    place = await studyFolder();
    calls = [];
  });
  afterEach(() => rm(place.folder, { recursive: true }));
  const trialFolder = (output: string, id: string) => join(output, 'trials', id);
  const run = (changes: object = {}, options: Partial<RunStudyOptions> = {}) =>
    runInFolder(place, changes, { runner: instantRunner(calls), ...options });

  const identified = (now: RunIdentity): Partial<RunStudyOptions> => ({
    resume: true,
    identify: () => Promise.resolve(now),
  });

  it('is recorded in study.json, and the study resumes if it is unchanged', async () => {
    const { trials } = await run({}, identified(identity));
    expect(JSON.parse(await readFile(join(place.output, 'study.json'), 'utf8'))).toMatchObject({
      content: [{ identity, trials: expect.arrayContaining([trials[0]!.trial, trials[3]!.trial]) }],
    });
    await expect(run({ seeds: [1, 2, 3] }, identified(identity))).resolves.toBeDefined();
  });

  it('may depend on the seed without counting as a change', async () => {
    const asked: number[] = [];
    const identify: RunStudyOptions['identify'] = ({ seed }) => {
      asked.push(seed);
      return Promise.resolve({ ...identity, dataset: `of seed ${seed}` });
    };
    await run({}, { resume: true, identify });
    await run({ seeds: [1, 2, 3] }, { resume: true, identify });
    expect(asked).toHaveLength(4 + 6);
    asked.length = 0;
    await run(
      { seeds: [1, 2, 3] },
      {
        ...identified(identity),
        store: folderStore(`${place.output}-2`),
        identify: (config) => (asked.push(config.seed), Promise.resolve(identity)),
      },
    );
    expect(asked).toEqual([1, 2, 3, 1]); // The seeds of the first variant, then the second variant.
  });

  it.each([
    [
      { plugins: { 'agent/prune': '@x/agent#ddpg 1.1.0' } },
      'the plugin for agent/prune was @x/agent#ddpg 1.0.0 and is now @x/agent#ddpg 1.1.0',
    ],
    [{ model: { topology: 't', weights: 'other' } }, 'the model has other weights'],
    [{ dataset: 'halved' }, 'the data set has other images'],
    [{ tersor: '1.2.4', dataset: 'halved' }, 'Tersor was 1.2.3 and is now 1.2.4; the data set'],
  ])('does not average trials of other content: %j', async (changes, message) => {
    await run({}, identified(identity));
    calls.length = 0;
    const error = {
      code: 'CHECKPOINT_MISMATCH',
      message: expect.stringContaining(message),
      hint: expect.stringContaining('--out'),
    };
    await expect(run({ seeds: [1, 2, 3] }, identified({ ...identity, ...changes }))).rejects.toMatchObject(
      error,
    );
    expect(calls).toEqual([]);
  });

  it('lets failed trials run again, from the start, with a repaired plugin', async () => {
    const grid = { 'prune.agent.use': ['broken'] };
    const { trials } = await run({ grid }, identified(identity));
    await folderStore(place.output).trial(trials[0]!.trial).put('checkpoint/state.json', Buffer.from('{}'));
    await run({ grid }, identified({ ...identity, plugins: { 'agent/prune': '@x/agent#ddpg 1.0.1' } }));
    const left = await readdir(trialFolder(place.output, trials[0]!.trial), { recursive: true });
    expect(left).toContain('checkpoint-of-other-content/state.json');
    expect(left).not.toContain('checkpoint');
  });

  it('is checked for changes while the study runs', async () => {
    const inner = instantRunner();
    const runner: TrialRunner = {
      ...inner,
      run: async (trial, signal) => {
        const outcome = await inner.run(trial, signal);
        const summary = { ...summaryOf(trial.config), identity: { ...identity, dataset: 'changed' } };
        await trial.place.put('summary.json', Buffer.from(JSON.stringify(summary)));
        return outcome;
      },
    };
    const { trials } = await run({}, { ...identified(identity), runner });
    expect(trials[0]).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('the data set has other images'),
    });
  });
});
