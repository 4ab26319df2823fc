import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lockOutput, type Summary } from '@tersor/compression';
import { instantRunner, makeStudy, studyFolder } from '../test/fixtures.js';
import { runStudy, type RunStudyOptions } from './run-study.js';
import { trialFolder } from './study-store.js';

describe('runStudy', () => {
  let place: Awaited<ReturnType<typeof studyFolder>>;
  let calls: string[];
  beforeEach(async () => {
    place = await studyFolder();
    calls = [];
  });
  afterEach(() => rm(place.folder, { recursive: true }));
  const run = (changes: object = {}, options: Partial<RunStudyOptions> = {}) =>
    runStudy({ study: makeStudy(changes), ...place, runner: instantRunner(calls), version: '1.2.3', jobs: 1, ...options });

  it('compares the variants across seeds, and with the baseline seed by seed', async () => {
    const { variants, pareto, trials } = await run({ baseline: 'random' });
    const [ddpg, random] = variants;
    expect(ddpg!.estimates.testAccuracy).toMatchObject({ count: 2, mean: expect.closeTo(0.815, 9) });
    expect(random!.estimates.testAccuracy!.mean).toBeCloseTo(0.715, 9);
    expect(ddpg!.differences!.testAccuracy).toMatchObject({ mean: expect.closeTo(0.1, 9), deviation: expect.closeTo(0, 9) });
    expect(random!.differences).toBeUndefined();
    // Two searches of 5 episodes in 2 seconds each; 401 and 402 MiB.
    expect(ddpg!.estimates).toMatchObject({ episodesPerMinute: { count: 2, mean: 150 }, peakResidentBytes: { count: 2, mean: 401.5 * 2 ** 20 } });
    // 50,001 and 50,002 bytes: the second seed is larger and more accurate, the random ones are beaten.
    expect(pareto.bytes.map((i) => [trials[i]!.variant, trials[i]!.seed])).toEqual([['ddpg', 1], ['ddpg', 2]]);
    expect(JSON.parse(await readFile(join(place.output, 'results.json'), 'utf8'))).toMatchObject({ name: 'agents', baseline: 'random' });
  });

  it('records a crashed trial with its error, and the rest go on', async () => {
    const { trials } = await run({ grid: { 'prune.agent.use': ['broken', 'ddpg'] } });
    expect(trials.map(({ status }) => status)).toEqual(['failed', 'done', 'failed', 'done']);
    expect(trials[0]).toMatchObject({ error: expect.stringContaining('it broke') });
    expect(await readFile(join(place.output, 'report.html'), 'utf8')).toContain('it broke');
  });

  it('resumes with what is missing: new, failed and cut-off trials', async () => {
    const { trials } = await run();
    await writeFile(join(trialFolder(place.output, trials[0]!.trial), 'summary.json'), '{"base');
    calls.length = 0;
    await run({ seeds: [1, 2, 3] }, { resume: true });
    expect(calls).toHaveLength(3);
    expect(calls).toContain(trials[0]!.trial);
  });

  it('keeps trials of a version that did not record the memory, without that figure', async () => {
    const { trials } = await run();
    const old = join(trialFolder(place.output, trials[0]!.trial), 'summary.json');
    const { peakResidentBytes, ...summary } = JSON.parse(await readFile(old, 'utf8')) as Summary;
    expect(peakResidentBytes).toBe(401 * 2 ** 20);
    await writeFile(old, JSON.stringify(summary));
    calls.length = 0;
    const resumed = await run({}, { resume: true });
    expect(calls).toEqual([]);
    expect(resumed.trials[0]).toMatchObject({ status: 'done', figures: { episodesPerMinute: 150 } });
    expect(resumed.trials[0]!.figures).not.toHaveProperty('peakResidentBytes');
    expect(resumed.variants[0]!.estimates).toMatchObject({ testAccuracy: { count: 2 }, peakResidentBytes: { count: 1, mean: 402 * 2 ** 20 } });
    const report = await readFile(join(place.output, 'report.html'), 'utf8');
    expect(report).toContain('<td class="number" data-value="">–</td>');
    expect(report).toContain('402 MiB');
  });

  it('runs at most so many trials at a time', async () => {
    let running = 0;
    let most = 0;
    const inner = instantRunner(calls);
    const runner = {
      run: async (...args: Parameters<typeof inner.run>) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
        return inner.run(...args);
      },
    };
    await run({ seeds: [1, 2, 3, 4] }, { jobs: 3, runner });
    expect(most).toBe(3);
    expect(calls).toHaveLength(8);
  });

  it('starts no more trials after a stop, and says how to go on', async () => {
    const controller = new AbortController();
    await expect(run({}, { signal: controller.signal, onTrial: () => controller.abort() })).rejects.toMatchObject({ code: 'INTERRUPTED', hint: expect.stringContaining('--resume') });
    expect(calls).toHaveLength(1);
  });

  it('wants --yes for more trials than the limit', async () => {
    await expect(run({ limit: 3 })).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('4 trials'), hint: expect.stringContaining('--yes') });
    await expect(run({ limit: 3 }, { yes: true })).resolves.toBeDefined();
  });

  it('leaves a study that is there alone without --resume, and one of another version with it', async () => {
    await run();
    await expect(run()).rejects.toMatchObject({ code: 'OUTPUT_FAILED', hint: expect.stringContaining('--resume') });
    await expect(run({}, { resume: true, version: '2.0.0' })).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH', message: expect.stringContaining('1.2.3') });
  });

  it('refuses a folder that another process holds, naming it', async () => {
    const release = await lockOutput(place.output);
    await expect(run()).rejects.toMatchObject({ code: 'OUTPUT_LOCKED', message: expect.stringContaining(String(process.pid)) });
    await release();
  });

  it('does not take results for those of other settings', async () => {
    const inner = instantRunner();
    const runner = { run: async (...[trial, signal]: Parameters<typeof inner.run>) => inner.run({ ...trial, overrides: [...trial.overrides, 'prune.budget.macs=0.9'] }, signal) };
    const { trials } = await run({}, { runner });
    expect(trials[0]).toMatchObject({ status: 'failed', error: expect.stringContaining('not those of these settings') });
  });
});
