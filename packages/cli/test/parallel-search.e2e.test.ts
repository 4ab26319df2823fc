import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compress, type CompressOptions, type PipelineProgress, type Summary } from '@tersor/compression';
import { compressConfigSchema, definePlugin, readConfig } from '@tersor/core';
import { z } from 'zod';
import { PROGRAM } from './program.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

/** A reward of somebody's own, which can end its process where that is not the one of the test. */
const REWARD = join(__dirname, 'doubled-reward.cjs');

const SETTINGS = [
  'prune.search.episodes=5',
  'prune.finetune.epochs=0',
  `prune.reward=${REWARD}`,
  'quantize.search.episodes=4',
  'quantize.finetune.epochs=0',
  'backend={ use: wasm, workers: 1 }',
];
const PARALLEL = ['prune.search.parallel=2', 'quantize.search.parallel=2'];
/** Loose, so that on 40 images candidates are dropped at all. */
const RACING = ['prune', 'quantize'].map((stage) => `${stage}.racing={ images: 10, confidence: 0.6 }`);
const FIXED = ['prune.agent=uniform', 'quantize.agent=uniform'];

describe('a search in several processes', () => {
  let project: TinyProject;
  beforeAll(async () => {
    project = await createTinyProject();
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));

  async function go(out: string, settings: readonly string[], options: Partial<CompressOptions> = {}) {
    const config = await readConfig(project.config, compressConfigSchema, [...SETTINGS, ...settings]);
    const output = join(project.folder, out);
    await compress({ config, directory: project.folder, output, searchFrom: [__dirname], ...options });
    return resultsOf(output);
  }

  async function resultsOf(output: string) {
    const summary = JSON.parse(String(await readFile(join(output, 'summary.json')))) as Summary;
    const lines = String(await readFile(join(output, 'episodes.jsonl')))
      .trim()
      .split('\n');
    return {
      evaluations: [summary.search.prune, summary.search.quantize].map((found) => found?.evaluations),
      episodes: lines.map((line) => ({ ...(JSON.parse(line) as object), seconds: 0 })),
      packed: await readFile(join(output, 'model.tersor')),
    };
  }

  it('measures what one process measures, with the plugins of the config', async () => {
    expect(await go('two', [...FIXED, ...PARALLEL])).toEqual(await go('one', FIXED));
  });

  describe('with an agent that learns, and racing', () => {
    const settings = [...PARALLEL, ...RACING];
    let whole: Awaited<ReturnType<typeof go>>;
    beforeAll(async () => {
      whole = await go('whole', settings);
    });

    it('gives the same when it is stopped in the middle of batches, and resumed', async () => {
      let stops = 0;
      for (;;) {
        let asked = 0;
        // The first time after one episode of the second batch has ended, while the other may not have.
        const shouldStop = () => stops < 3 && ++asked > 1;
        try {
          expect(await go('stopped', settings, { resume: true, shouldStop })).toEqual(whole);
          break;
        } catch (error) {
          expect(error).toMatchObject({ code: 'INTERRUPTED' });
          stops++;
        }
      }
      expect(stops).toBe(3);
    });

    const onLinux = process.platform === 'linux' ? it : it.skip;
    onLinux('gives the same on one core, where one process walks both episodes', async () => {
      const set = [...SETTINGS, ...settings].flatMap((setting) => ['--set', setting]);
      const output = join(project.folder, 'one-core');
      const program = [process.execPath, ...PROGRAM, 'compress', project.config, '--out', output, ...set];
      await promisify(execFile)('taskset', ['-c', '0', ...program, '--quiet'], { cwd: __dirname });
      expect(await resultsOf(output)).toEqual(whole);
    });

    it('gives the same when one of the processes is killed', async () => {
      let killed = 0;
      const onProgress = ({ done, unit }: PipelineProgress) => {
        if (unit !== 'episodes' || done !== 2 || killed > 0) return;
        killed = workersOf(process.pid)[0]!;
        process.kill(killed, 'SIGKILL');
      };
      expect(await go('killed', settings, { events: { onProgress } })).toEqual(whole);
      expect(killed).toBeGreaterThan(0);
    });
  });

  it('names the episode whose process ends each time, and leaves none behind', async () => {
    const settings = [...PARALLEL, `prune.reward={ use: ${REWARD}, deadly: true }`];
    await expect(go('deadly', settings)).rejects.toMatchObject({
      code: 'SEARCH_WORKER_ENDED',
      message: expect.stringMatching(/episode 1 of the prune search has ended 2 times: ended by SIGKILL/),
      hint: expect.stringContaining('prune.search.parallel'),
    });
    const end = performance.now() + 60_000;
    while (workersOf(process.pid).length > 0 && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(workersOf(process.pid)).toEqual([]);
  });

  it('refuses plugins that no other process can load, before it begins', async () => {
    const plugin = definePlugin({
      name: 'inline',
      kind: 'reward',
      id: 'inline',
      core: '*',
      description: 'given as an object',
      options: z.strictObject({}),
      create: () => ({ id: 'inline', evaluate: ({ accuracy }) => accuracy }),
    });
    const settings = [...PARALLEL, 'prune.reward=inline'];
    await expect(go('inline', settings, { plugins: [plugin] })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/prune\.search\.parallel .*cannot load the reward "inline"/),
    });
  });
});

/** Processes that measure for the given one (Linux). */
function workersOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const parent = /\nPPid:\t(\d+)/.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1];
        return (
          Number(parent) === pid &&
          readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('search-worker-process')
        );
      } catch {
        return false; // It has ended meanwhile.
      }
    })
    .map(Number);
}
