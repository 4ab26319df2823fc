import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrialRunner } from '@tersor/core';
import { instantRunner, makeStudy, studyFolder, summaryOf } from '../test/fixtures.js';
import { runInFolder } from '../test/run-in-folder.js';
import { runPart } from './parts/run-part.js';
import { previewStudy } from './preview-study.js';
import { folderStore } from './results/result-store.js';
import { studyStatus } from './results/study-status.js';

/** Nine variants; the validation accuracy grows with the images, the test accuracy falls. */
const STUDY = {
  grid: { 'prune.images': [100, 200, 300, 400, 500, 600, 700, 800, 900] },
  seeds: [1, 2],
  sampler: { use: 'halving', least: 10, most: 90 },
};

describe('a study by successive halving', () => {
  let place: Awaited<ReturnType<typeof studyFolder>>;
  let ran: [images: number, episodes: number, seed: number][];
  beforeEach(async () => {
    place = await studyFolder();
    ran = [];
  });
  afterEach(() => rm(place.folder, { recursive: true }));

  const runner = (broken: (images: number, seed: number) => boolean = () => false): TrialRunner => ({
    id: 'by-images',
    concurrency: 1,
    async run({ config, place: at }) {
      const images = config.prune!.images!;
      ran.push([images, config.prune!.search.episodes, config.seed]);
      if (broken(images, config.seed)) return { status: 'failed', error: 'it broke' };
      const summary = summaryOf(config);
      const accuracy = { validation: images / 1000, test: 1 - images / 1000 };
      const changed = { ...summary, compressed: { ...summary.compressed, accuracy } };
      await at.put('summary.json', Buffer.from(JSON.stringify(changed)));
      return { status: 'done' };
    },
  });
  const run = (options = {}) => runInFolder(place, STUDY, { runner: runner(), ...options });
  const preview = () =>
    previewStudy({
      study: makeStudy(STUDY),
      path: place.path,
      store: folderStore(place.output),
      runner: runner(),
      identify: () =>
        Promise.resolve({
          tersor: '1',
          model: { topology: '', weights: '' },
          dataset: '',
          files: {},
          plugins: {},
        }),
    });

  it('runs all variants with few episodes, and the best by validation accuracy with more', async () => {
    const { variants, trials } = await run();
    const rung = (episodes: number) =>
      ran.filter((trial) => trial[1] === episodes && trial[2] === 1).map(([images]) => images);
    expect(rung(10)).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900]);
    expect(rung(30)).toEqual([700, 800, 900]);
    expect(rung(90)).toEqual([900]);
    expect(ran).toHaveLength(26);
    expect(trials.filter(({ status }) => status === 'done')).toHaveLength(26);
    expect(variants.map(({ variant }) => variant).slice(9)).toEqual([
      '700, 30',
      '800, 30',
      '900, 30',
      '900, 90',
    ]);
    const report = await readFile(join(place.output, 'report.html'), 'utf8');
    expect(report).toContain(
      'Successive halving by validationAccuracy: 9 variants with 10 episodes, 3 with 30 episodes, 1 with 90 episodes; 2 seeds each.',
    );
  });

  it('continues after a stop with the same variants, and runs nothing twice', async () => {
    const stop = new AbortController();
    let count = 0;
    const onTrial = () => void (++count === 20 && stop.abort());
    await expect(run({ signal: stop.signal, onTrial })).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(ran).toHaveLength(20);
    await run({ resume: true });
    expect(ran).toHaveLength(26);
    expect(new Set(ran.map(String)).size).toBe(26);
  });

  it('does not promote a variant with a failed seed until that seed is done', async () => {
    const results = await run({ runner: runner((images, seed) => images === 900 && seed === 2) });
    expect(results.variants.map(({ variant }) => variant)).not.toContain('900, 30');
    expect(results.variants.at(-1)!.variant).toBe('800, 90');
    const again = await run({ resume: true });
    expect(again.variants.at(-1)!.variant).toBe('900, 90');
  });

  it('stops if every variant has failed, with a report that says why', async () => {
    await expect(run({ runner: instantBroken() })).rejects.toMatchObject({
      code: 'TRIALS_FAILED',
      message: expect.stringContaining('with 10 episodes'),
    });
    expect(await readdir(place.output)).toEqual(
      expect.arrayContaining(['results.json', 'results.csv', 'report.html']),
    );
    expect(await readFile(join(place.output, 'report.html'), 'utf8')).toContain('it broke');
  });

  it('previews the known trials, and how many may follow', async () => {
    expect(await preview()).toMatchObject({ most: 26, trials: { length: 18 } });
    const status = () =>
      studyStatus({ study: makeStudy(STUDY), path: place.path, store: folderStore(place.output) });
    expect(await status()).toMatchObject({ total: 18, missing: 18 });
    await run();
    expect(await status()).toMatchObject({ total: 26, done: 26, missing: 0 });
    const { trials } = await preview();
    expect(trials.map(({ status }) => status)).toEqual(Array<string>(26).fill('done'));
  });

  it('cannot be run in parts', () =>
    expect(
      runPart({
        study: makeStudy(STUDY),
        path: place.path,
        store: folderStore(place.output),
        runner: instantRunner(),
        version: '1.2.3',
        identify: () => Promise.reject(new Error('not reached')),
        index: 0,
      }),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('halving') }));

  function instantBroken(): TrialRunner {
    return runner(() => true);
  }
});
