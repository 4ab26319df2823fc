import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lockOutput } from '@tersor/compression';
import { messageOf, type RunIdentity, type TrialRunner } from '@tersor/core';
import { identity, instantRunner, makeStudy, studyFolder } from '../../test/fixtures.js';
import { runInFolder } from '../../test/run-in-folder.js';
import { folderStore, type ResultStore } from '../results/result-store.js';
import { readStudy } from '../results/study-store.js';
import { collectStudy } from './collect-study.js';
import { runPart, type RunPartOptions } from './run-part.js';

describe('a study in parts', () => {
  let place: Awaited<ReturnType<typeof studyFolder>>;
  let calls: string[];
  beforeEach(async () => {
    place = await studyFolder();
    calls = [];
  });
  afterEach(() => rm(place.folder, { recursive: true }));

  const storeOf = (name: string) => folderStore(join(place.folder, name));
  const part = (index: number, folder: string, options: Partial<RunPartOptions> = {}, changes: object = {}) =>
    runPart({
      study: makeStudy(changes),
      path: place.path,
      store: storeOf(folder),
      runner: instantRunner(calls),
      version: '1.2.3',
      identify: () => Promise.resolve(identity),
      index,
      ...options,
    });
  const withoutTimes = (results: object) =>
    JSON.parse(JSON.stringify(results, (key, value: unknown) => (key === 'seconds' ? 0 : value))) as object;

  it('has the same results as on one machine, whether jobs share a folder or have their own', async () => {
    const whole = withoutTimes(await runInFolder(place, {}, {}));
    await Promise.all([0, 1, 2, 3].map((index) => part(index, 'shared')));
    expect(new Set(calls).size).toBe(4);
    const shared = await collectStudy({ from: [storeOf('shared')], into: storeOf('shared') });
    expect(withoutTimes(shared)).toEqual(whole);
    expect(await readFile(join(place.folder, 'shared', 'report.html'), 'utf8')).toContain('random');
    // Two parts of two trials.
    expect(await part(0, 'a', { of: 2 })).toHaveLength(2);
    expect(await part(1, 'b', { of: 2 })).toHaveLength(2);
    const own = await collectStudy({ from: [storeOf('a'), storeOf('b')], into: storeOf('all') });
    expect(withoutTimes(own)).toEqual(whole);
  });

  it('skips trials that its folder has, and runs failed ones again', async () => {
    const grid = { 'prune.agent.use': ['broken', 'ddpg'] };
    const first = await part(0, 'a', { of: 1 }, { grid });
    expect(first.map(({ status }) => status)).toEqual(['failed', 'done', 'failed', 'done']);
    calls.length = 0;
    await part(0, 'a', { of: 1 }, { grid });
    expect(calls).toHaveLength(2);
  });

  it('waits for a job that has begun the same trial a moment earlier, and uses its results', async () => {
    const begun: string[] = [];
    // As a program does that takes the folder only when it is there, which takes a while.
    const slow = (name: string): TrialRunner => ({
      ...instantRunner(),
      run: async (trial, signal) => {
        await delay(100);
        try {
          const release = await lockOutput(trial.place.folder!);
          begun.push(name);
          await delay(300);
          const outcome = await instantRunner(calls).run(trial, signal);
          await release();
          return outcome;
        } catch (error) {
          return { status: 'failed', error: `tersor: ${messageOf(error)} [OUTPUT_LOCKED]` };
        }
      },
    });
    const notices: string[] = [];
    const onNotice = (text: string) => void notices.push(text);
    const jobs = ['first', 'second'].map((name) => part(0, 'shared', { runner: slow(name), onNotice }));
    const ends = (await Promise.all(jobs)).flat();
    expect(ends.map(({ status }) => status)).toEqual(['done', 'done']);
    expect([calls.length, begun.length]).toEqual([1, 1]);
    expect(notices).toEqual([expect.stringMatching(/^Waiting for trial \w+, which .*in use by process/)]);
  });

  it('refuses a part that does not exist, and names the range', async () => {
    await expect(part(4, 'a')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'The study has 4 trials: there is no part 4.',
      hint: 'Choose --index from 0 to 3.',
    });
    await expect(part(2, 'a', { of: 2 })).rejects.toMatchObject({ hint: 'Choose --index from 0 to 1.' });
    await expect(part(7, 'a', { of: 8 })).resolves.toEqual([]);
  });

  it('collects what is done so far, and the rest when called again', async () => {
    await part(0, 'a');
    const early = await collectStudy({ from: [storeOf('a')], into: storeOf('all') });
    expect(early.trials.map(({ status }) => status)).toEqual(['done', 'missing', 'missing', 'missing']);
    await part(1, 'b');
    const notices: string[] = [];
    const from = [storeOf('a'), storeOf('b')];
    const later = await collectStudy({ from, into: storeOf('all'), onNotice: (text) => notices.push(text) });
    expect(later.trials.map(({ status }) => status)).toEqual(['done', 'done', 'missing', 'missing']);
    expect(notices).toEqual([
      expect.stringMatching(/^Trial \w+ of .*a was not copied: .*all already has it/),
    ]);
  });

  it('leaves out a trial whose files are damaged, and keeps the others', async () => {
    await part(0, 'a', { of: 1 });
    const whole = await collectStudy({ from: [storeOf('a')], into: storeOf('a') });
    const [first, second] = whole.trials.map(({ trial }) => storeOf('a').trial(trial));
    await first!.put(
      'episodes.jsonl',
      Buffer.concat([Buffer.from('null\n'), (await first!.get('episodes.jsonl'))!]),
    );
    const summary = JSON.parse(Buffer.from((await second!.get('summary.json'))!).toString()) as object;
    await second!.put('summary.json', Buffer.from(JSON.stringify({ ...summary, compressed: null })));
    const again = await collectStudy({ from: [storeOf('a')], into: storeOf('a') });
    expect(again.trials.map(({ status }) => status)).toEqual(['done', 'missing', 'done', 'done']);
    expect(again.trials[0]).toEqual(whole.trials[0]);
  });

  it('prefers a trial that is done to one that is not', async () => {
    const grid = { 'prune.agent.use': ['ddpg'] };
    const stopped = { ...instantRunner(), run: async () => ({ status: 'interrupted' as const }) };
    await part(0, 'a', { runner: stopped }, { grid });
    await part(0, 'b', {}, { grid });
    const results = await collectStudy({ from: [storeOf('a'), storeOf('b')], into: storeOf('all') });
    expect(results.trials[0]!.status).toBe('done');
  });

  it('replaces a trial that is not done as a whole, or not where its files change meanwhile', async () => {
    const grid = { 'prune.agent.use': ['ddpg'] };
    const stopped: TrialRunner = {
      ...instantRunner(),
      run: async (trial) => {
        await trial.place.put('checkpoint/of-a', Buffer.from('a'));
        return { status: 'interrupted' };
      },
    };
    await part(0, 'a', { runner: stopped }, { grid });
    await collectStudy({ from: [storeOf('a')], into: storeOf('all') });
    await part(0, 'b', {}, { grid });
    const b = storeOf('b');
    const filesOf = async (store: ResultStore) => {
      const { cells } = await readStudy(store);
      return store.trial(cells[0]!.trial).list();
    };
    const whole = await filesOf(b);

    const changing: ResultStore = {
      ...b,
      trial: (id) => ({ ...b.trial(id), list: async () => ['gone', ...whole] }),
    };
    const notices: string[] = [];
    const onNotice = (text: string) => void notices.push(text);
    const early = await collectStudy({ from: [changing], into: storeOf('all'), onNotice });
    expect(early.trials[0]!.status).toBe('missing');
    expect(notices).toEqual([expect.stringMatching(/^Trial \w+ of .*b was not copied: its files changed/)]);

    const later = await collectStudy({ from: [b], into: storeOf('all'), onNotice });
    expect(later.trials[0]!.status).toBe('done');
    expect(await filesOf(storeOf('all'))).toEqual(whole);
    expect(notices).toHaveLength(1);
  });

  it.each(['null', '[]', '{"status": "great"}', '{"status": "failed"}'])(
    'counts a trial as missing whose trial.json is %s',
    async (text) => {
      await part(0, 'a');
      const { cells } = await readStudy(storeOf('a'));
      await storeOf('a').trial(cells[0]!.trial).put('trial.json', Buffer.from(text));
      const { trials } = await collectStudy({ from: [storeOf('a')], into: storeOf('all') });
      expect(trials[0]!.status).toBe('missing');
    },
  );

  it('does not average parts of two studies, versions or networks', async () => {
    const collected = (...names: string[]) =>
      collectStudy({ from: names.map(storeOf), into: storeOf('all') });
    const identified = (own: RunIdentity) => ({
      identify: () => Promise.resolve(own),
      runner: {
        ...instantRunner(),
        run: async (...[trial, signal]: Parameters<ReturnType<typeof instantRunner>['run']>) => {
          const outcome = await instantRunner().run(trial, signal);
          const summary = JSON.parse(
            Buffer.from((await trial.place.get('summary.json'))!).toString(),
          ) as object;
          await trial.place.put('summary.json', Buffer.from(JSON.stringify({ ...summary, identity: own })));
          return outcome;
        },
      },
    });
    await part(0, 'a', identified(identity));
    await part(2, 'other seeds', {}, { seeds: [5, 6] });
    await part(2, 'other version', { version: '2.0.0' });
    await part(2, 'other model', identified({ ...identity, model: { topology: 't', weights: 'other' } }));
    await part(2, 'other data', identified({ ...identity, dataset: 'drawn by the seed' }));
    await expect(collected('a', 'other seeds')).rejects.toMatchObject({
      code: 'CHECKPOINT_MISMATCH',
      message: expect.stringContaining('different variants, seeds or settings'),
    });
    await expect(collected('a', 'other version')).rejects.toMatchObject({
      message: expect.stringContaining('tersor 1.2.3 and 2.0.0'),
    });
    await expect(collected('a', 'other model')).rejects.toMatchObject({
      message: expect.stringContaining('"ddpg" with different inputs: the model has other weights'),
    });
    await expect(collected('a', 'other data')).resolves.toBeDefined();
    await mkdir(join(place.folder, 'empty'));
    await expect(collected('a', 'empty')).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
    await writeFile(join(place.folder, 'empty/study.json'), '{"cells": [');
    await expect(collected('a', 'empty')).rejects.toMatchObject({
      message: expect.stringContaining('is not whole'),
    });
    const { cells, ...others } = await readStudy(storeOf('a'));
    for (const strange of [{}, [], 7, others, { ...others, cells: [{ ...cells[0], trial: '../../a' }] }]) {
      await writeFile(join(place.folder, 'empty/study.json'), JSON.stringify(strange));
      await expect(collected('empty')).rejects.toMatchObject({
        code: 'CONFIG_NOT_FOUND',
        message: expect.stringContaining('is not that of a study'),
      });
    }
  });
});
