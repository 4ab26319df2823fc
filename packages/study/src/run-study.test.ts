import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lockOutput, type Summary } from '@tersor/compression';
import type { FilePlace, Trial, TrialRunner } from '@tersor/core';
import { memoryPlace } from '@tersor/testing';
import { identity, instantRunner, makeStudy, studyFolder } from '../test/fixtures.js';
import { runInFolder } from '../test/run-in-folder.js';
import { previewStudy } from './preview-study.js';
import type { RunStudyOptions } from './run-study.js';
import { folderStore, type ResultStore } from './results/result-store.js';

describe('runStudy', () => {
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

  it('compares the variants across seeds, and with the baseline seed by seed', async () => {
    const { variants, pareto, trials } = await run({ baseline: 'random' });
    const [ddpg, random] = variants;
    expect(ddpg!.estimates.testAccuracy).toMatchObject({ count: 2, mean: expect.closeTo(0.815, 9) });
    expect(random!.estimates.testAccuracy!.mean).toBeCloseTo(0.715, 9);
    expect(ddpg!.differences!.testAccuracy).toMatchObject({
      mean: expect.closeTo(0.1, 9),
      deviation: expect.closeTo(0, 9),
    });
    expect(random!.differences).toBeUndefined();
    // Two searches of 5 episodes in 2 seconds each; 401 and 402 MiB.
    expect(ddpg!.estimates).toMatchObject({
      episodesPerMinute: { count: 2, mean: 150 },
      peakResidentBytes: { count: 2, mean: 401.5 * 2 ** 20 },
    });
    // 50,001 and 50,002 bytes: the second seed is larger and more accurate, the random ones are beaten.
    expect(pareto.bytes.map((i) => [trials[i]!.variant, trials[i]!.seed])).toEqual([
      ['ddpg', 1],
      ['ddpg', 2],
    ]);
    expect(JSON.parse(await readFile(join(place.output, 'results.json'), 'utf8'))).toMatchObject({
      name: 'agents',
      baseline: 'random',
    });
  });

  it('records a crashed trial with its error, and runs the others', async () => {
    const { trials } = await run({ grid: { 'prune.agent.use': ['broken', 'ddpg'] } });
    expect(trials.map(({ status }) => status)).toEqual(['failed', 'done', 'failed', 'done']);
    expect(trials[0]).toMatchObject({ error: expect.stringContaining('it broke') });
    expect(await readFile(join(place.output, 'report.html'), 'utf8')).toContain('it broke');
  });

  it('resumes by running missing, failed and cut-off trials', async () => {
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
    expect(resumed.variants[0]!.estimates).toMatchObject({
      testAccuracy: { count: 2 },
      peakResidentBytes: { count: 1, mean: 402 * 2 ** 20 },
    });
    const report = await readFile(join(place.output, 'report.html'), 'utf8');
    expect(report).toContain('<td class="number" data-value="">–</td>');
    expect(report).toContain('402 MiB');
  });

  it("runs as many trials at the same time as its runner's concurrency", async () => {
    let running = 0;
    let most = 0;
    const inner = instantRunner(calls, 3);
    let areThree = () => {};
    const three = new Promise<void>((resolve) => (areThree = resolve));
    const runner: TrialRunner = {
      ...inner,
      run: async (...args) => {
        most = Math.max(most, ++running);
        if (running === 3) areThree();
        // The first of them wait for one another, however slow the machine is; a fourth would be seen.
        await three;
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
        return inner.run(...args);
      },
    };
    await run({ seeds: [1, 2, 3, 4] }, { runner });
    expect(most).toBe(3);
    expect(calls).toHaveLength(8);
  });

  it('starts no more trials after a stop, and says how to resume', async () => {
    const controller = new AbortController();
    await expect(
      run({}, { signal: controller.signal, onTrial: () => controller.abort() }),
    ).rejects.toMatchObject({ code: 'INTERRUPTED', hint: expect.stringContaining('--resume') });
    expect(calls).toHaveLength(1);
  });

  it('needs --yes for more trials than the limit', async () => {
    await expect(run({ limit: 3 })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('4 trials'),
      hint: expect.stringContaining('--yes'),
    });
    await expect(run({ limit: 3 }, { yes: true })).resolves.toBeDefined();
  });

  it('refuses an existing study without --resume, and one of another version even with it', async () => {
    await run();
    await expect(run()).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      hint: expect.stringContaining('--resume'),
    });
    await expect(run({}, { resume: true, version: '2.0.0' })).rejects.toMatchObject({
      code: 'CHECKPOINT_MISMATCH',
      message: expect.stringContaining('1.2.3'),
    });
  });

  it('refuses a folder that another process holds, naming it', async () => {
    const release = await lockOutput(place.output);
    await expect(run()).rejects.toMatchObject({
      code: 'OUTPUT_LOCKED',
      message: expect.stringContaining(String(process.pid)),
    });
    await release();
  });

  it('rejects results of another config', async () => {
    const inner = instantRunner();
    const runner: TrialRunner = {
      ...inner,
      run: (trial, signal) => inner.run({ ...trial, config: { ...trial.config, seed: 99 } }, signal),
    };
    const { trials } = await run({}, { runner });
    expect(trials[0]).toMatchObject({
      status: 'failed',
      error: expect.stringContaining("not those of the trial's config"),
    });
  });

  it('writes results.csv beside results.json', async () => {
    await run();
    const csv = await readFile(join(place.output, 'results.csv'), 'utf8');
    expect(csv.trim().split('\n')).toHaveLength(5);
    expect(csv).toContain('ddpg,ddpg,1,');
  });

  it('writes every episode of every trial into one long table, episodes.csv', async () => {
    await run({ grid: { 'prune.agent.use': ['broken', 'ddpg'] } });
    const [header, ...lines] = (await readFile(join(place.output, 'episodes.csv'), 'utf8'))
      .trim()
      .split('\n');
    expect(header).toBe(
      'variant,factor prune.agent.use,seed,trial,stage,round,episode,heuristic,reward,accuracy,macs,parameters,bytes,seconds',
    );
    // Two trials that are done, two stages, 12 episodes.
    expect(lines).toHaveLength(48);
    expect(lines[0]).toMatch(
      /^ddpg,ddpg,1,[0-9a-f]{12},prune,,1,uniform,0\.\d+,0\.\d+,3990000,70000,59000,0\.1$/,
    );
    expect(lines[13]).toMatch(/^ddpg,ddpg,1,[0-9a-f]{12},quantize,,2,,/);
  });

  it('counts the failed trials of each variant and shows them with the seeds', async () => {
    const { variants } = await run({ grid: { 'prune.agent.use': ['broken', 'ddpg'] } });
    expect(variants.map(({ trials }) => trials)).toEqual([
      { done: 0, failed: 2, interrupted: 0, missing: 0 },
      { done: 2, failed: 0, interrupted: 0, missing: 0 },
    ]);
    expect(await readFile(join(place.output, 'report.html'), 'utf8')).toContain('0 of 2, 2 failed');
  });

  it('retries a trial that crashes as often as the study says, and records the attempts', async () => {
    const inner = instantRunner(calls);
    const crashes = new Map<string, number>();
    const flaky = (times: number): TrialRunner => ({
      ...inner,
      run: async (trial, signal) => {
        const before = crashes.get(trial.id) ?? 0;
        crashes.set(trial.id, before + 1);
        return before < times
          ? { status: 'failed', error: 'tersor: it broke [PLUGIN_FAILED]' }
          : inner.run(trial, signal);
      },
    });
    const notices: string[] = [];
    const { trials } = await run(
      { retries: 2 },
      { runner: flaky(2), onNotice: (text) => notices.push(text) },
    );
    expect(trials.map(({ status }) => status)).toEqual(['done', 'done', 'done', 'done']);
    expect(
      JSON.parse(await readFile(join(trialFolder(place.output, trials[0]!.trial), 'trial.json'), 'utf8')),
    ).toMatchObject({ status: 'done', attempts: 3 });
    expect(notices).toHaveLength(8);
    expect(notices[0]).toContain('it broke');
  });

  it('fails with the last error if every attempt fails', async () => {
    const { trials } = await run({ grid: { 'prune.agent.use': ['broken'] }, retries: 1 });
    expect(trials[0]).toMatchObject({ status: 'failed', error: expect.stringContaining('it broke') });
    expect(calls).toHaveLength(4);
  });

  it('stops a trial that takes too long without retrying it, and runs the others', async () => {
    const inner = instantRunner(calls);
    const runner: TrialRunner = {
      ...inner,
      run: (trial, signal) =>
        trial.config.prune?.agent['use'] === 'random'
          ? new Promise((resolve) =>
              signal.addEventListener('abort', () => resolve({ status: 'interrupted' })),
            )
          : inner.run(trial, signal),
    };
    const { trials } = await run({ timeoutSeconds: 0.05, retries: 3 }, { runner });
    expect(trials.map(({ status }) => status)).toEqual(['done', 'failed', 'done', 'failed']);
    expect(trials[1]!.error).toMatch(/timeoutSeconds \(0.05\).*--resume/);
  });

  it('keeps only what the figures need with keep: summaries, and still recognises the trial', async () => {
    const inner = instantRunner(calls);
    const runner: TrialRunner = {
      ...inner,
      run: async (trial, signal) => {
        const outcome = await inner.run(trial, signal);
        for (const name of ['model/weights.bin', 'model.tersor', 'policy.json'])
          await trial.place.put(name, Buffer.from('x'));
        return outcome;
      },
    };
    const { trials } = await run({ keep: 'summaries' }, { runner });
    const left = await readdir(trialFolder(place.output, trials[0]!.trial));
    expect(left.sort()).toEqual([
      'episodes.jsonl',
      'layers.json',
      'policy.json',
      'summary.json',
      'trial.json',
    ]);
    calls.length = 0;
    await run({ keep: 'summaries' }, { runner, resume: true });
    expect(calls).toEqual([]);
    // Those that a study without it has kept, too.
    await writeFile(join(trialFolder(place.output, trials[0]!.trial), 'model.tersor'), 'x');
    await run({ keep: 'summaries' }, { runner, resume: true });
    expect(await readdir(trialFolder(place.output, trials[0]!.trial))).not.toContain('model.tersor');
  });

  it('uses results that a killed study had not recorded yet', async () => {
    const { trials } = await run();
    await rm(join(trialFolder(place.output, trials[0]!.trial), 'trial.json'));
    calls.length = 0;
    const resumed = await run({}, { resume: true });
    expect(calls).toEqual([]);
    expect(resumed.trials[0]).toMatchObject({ status: 'done', figures: { testAccuracy: 0.81 } });
  });

  it('waits for a trial that a killed study left running, instead of failing it', async () => {
    const { trials } = await run({ grid: { 'prune.agent.use': ['broken', 'ddpg'] } });
    const release = await lockOutput(trialFolder(place.output, trials[0]!.trial));
    const notices: string[] = [];
    const resuming = run(
      { grid: { 'prune.agent.use': ['broken', 'ddpg'] } },
      { resume: true, onNotice: (text) => (notices.push(text), void setTimeout(() => void release(), 100)) },
    );
    const resumed = await resuming;
    expect(notices).toEqual([expect.stringContaining(String(process.pid))]);
    expect(resumed.trials[0]!.error).not.toContain('OUTPUT_LOCKED');
  });

  it('estimates how long the rest takes', async () => {
    const left: (number | undefined)[] = [];
    await run({}, { onTrial: (_trial, _record, { secondsLeft }) => left.push(secondsLeft) });
    expect(left).toHaveLength(4);
    expect(left[0]).toBeGreaterThan(0);
    expect(left[3]).toBe(0);
  });

  it('previews what would run, without running or writing anything', async () => {
    const preview = () =>
      previewStudy({
        study: makeStudy(),
        path: place.path,
        store: folderStore(place.output),
        runner: instantRunner(),
        identify: () => Promise.resolve(identity),
      });
    const before = await preview();
    expect(before.variants).toEqual(['ddpg', 'random']);
    expect(before.trials.map(({ status, variants }) => [status, ...variants])).toEqual([
      ['missing', 'ddpg'],
      ['missing', 'random'],
      ['missing', 'ddpg'],
      ['missing', 'random'],
    ]);
    expect(before.secondsLeft).toBeUndefined();
    await expect(readdir(place.output)).rejects.toMatchObject({ code: 'ENOENT' });
    await run({ grid: { 'prune.agent.use': ['ddpg'] } });
    const after = await preview();
    expect(after.trials.map(({ status }) => status)).toEqual(['done', 'missing', 'done', 'missing']);
    expect(after.secondsLeft).toBeGreaterThan(0);
  });

  it('records an error thrown by a runner as the failure of its trial, and continues', async () => {
    const inner = instantRunner(calls);
    const run1: TrialRunner['run'] = (trial, signal) =>
      trial.config.seed === 1 ? Promise.reject(new Error('the queue is gone')) : inner.run(trial, signal);
    const { trials } = await run({}, { runner: { ...inner, run: run1 } });
    expect(trials.map(({ status, error }) => [status, error])).toEqual([
      ['failed', 'the queue is gone'],
      ['failed', 'the queue is gone'],
      ['done', undefined],
      ['done', undefined],
    ]);
  });

  it('gives a runner everything a trial needs, and reads its results only from the store', async () => {
    const [files, trials] = [memoryPlace(), new Map<string, FilePlace>()];
    const trialPlace = (id: string) => {
      if (!trials.has(id)) trials.set(id, memoryPlace());
      return trials.get(id)!;
    };
    const store: ResultStore = {
      name: 'memory',
      study: files,
      trial: trialPlace,
      lock: async () => async () => undefined,
    };
    const seen: Trial[] = [];
    const inner = instantRunner();
    const runner: TrialRunner = {
      ...inner,
      run: (trial, signal) => {
        seen.push(trial);
        const { place, ...rest } = trial;
        // As over a wire.
        return inner.run({ ...(JSON.parse(JSON.stringify(rest)) as typeof rest), place }, signal);
      },
    };
    const { trials: rows } = await run({ baseline: 'random' }, { store, runner });
    expect(rows.map(({ status }) => status)).toEqual(['done', 'done', 'done', 'done']);
    expect(seen[0]).toMatchObject({
      id: rows[0]!.trial,
      config: { seed: 1, prune: { agent: { use: 'ddpg' }, search: { episodes: 5 }, minimum: 0.1 } },
      inputs: identity,
      directory: place.folder,
    });
    expect(await files.list()).toEqual([
      'episodes.csv',
      'episodes.parquet',
      'report.html',
      'results.csv',
      'results.json',
      'results.parquet',
      'study.json',
    ]);
    expect(await trials.get(rows[0]!.trial)!.list()).toContain('trial.json');
    await expect(readdir(place.output)).rejects.toMatchObject({ code: 'ENOENT' });
    seen.length = 0;
    await run({ seeds: [1, 2, 3] }, { store, runner, resume: true });
    expect(seen.map(({ config }) => config.seed)).toEqual([3, 3]);
  });
});
