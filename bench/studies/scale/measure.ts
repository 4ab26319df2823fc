// How a study grows from 100 to 10,000 trials, with 20 workers over Redis and over PostgreSQL:
//   node --expose-gc --conditions=tersor/source --import tsx bench/studies/scale/measure.ts [server] [trials]
// Writes bench/studies/scale/redis.json and postgres.json; what is there of the same count is measured anew.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '@tersor/core';
import { createBullmqRunner } from '@tersor/runner-bullmq';
import { folderStore, runStudy, studySchema } from '@tersor/study';
import { postgres, redis } from '../../../plugins/runner-bullmq/test/servers.js';
import { identity } from '../../../plugins/runner-bullmq/test/synthetic-study.js';
import { queueOptions } from './synthetic.js';

const PROCESSES = 4;
const fileOf = (server: string) => join(__dirname, `${server}.json`);
const servers = { redis, postgres };

/** One measurement. */
export interface Scale {
  readonly server: 'redis' | 'postgres';
  readonly trials: number;
  readonly workers: number;
  /** From the first trial to the last, without plan and report. */
  readonly seconds: number;
  readonly perSecond: number;
  /** Bytes that live in the coordinator when a tenth, and when all of the trials are done. */
  readonly heap: { readonly early: number; readonly late: number };
  readonly report: { readonly seconds: number; readonly bytes: number; readonly openMs?: number };
  readonly machine: string;
}

async function measure(server: 'redis' | 'postgres', trials: number): Promise<Scale> {
  const folder = mkdtempSync(join(tmpdir(), 'tersor-scale-'));
  const { url, stop } = await servers[server].start();
  const [store, cache] = [join(folder, 'store'), join(folder, 'cache')];
  const program = [...process.execArgv, join(__dirname, 'worker.ts'), url, store, cache];
  const workers = Array.from({ length: PROCESSES }, () =>
    spawn(process.execPath, program, { stdio: ['ignore', 'ignore', 'inherit'] }),
  );
  const runner = await createBullmqRunner(queueOptions(url, store), folder);
  try {
    const model = 'model.json';
    writeFileSync(join(folder, model), '{}');
    const prune = { agent: 'random', search: { episodes: 20 }, budget: { macs: 0.5 } };
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ model, dataset: 'cifar10', prune }));
    const variants = Math.max(1, Math.min(100, trials / 10));
    const sizes = Array.from({ length: variants }, (_, i) => 0.3 + (0.5 * i) / variants);
    const study = parseConfig(
      {
        ...{ name: `${trials} trials`, config: 'config.json', output: 'out', limit: trials },
        grid: { 'prune.budget.macs': sizes },
        seeds: Array.from({ length: trials / variants }, (_, i) => i + 1),
      },
      studySchema,
    );
    let done = 0;
    let [first, last] = [0, 0];
    const heap = { early: 0, late: 0 };
    const alive = () => (globalThis.gc?.(), process.memoryUsage().heapUsed);
    await runStudy({
      ...{ study, path: join(folder, 'study.json'), store: folderStore(join(folder, 'out')), runner },
      ...{ version: identity.tersor, identify: async () => identity },
      onTrial: (_, record) => {
        if (record.status !== 'done') throw new Error(JSON.stringify(record));
        if (done++ === 0) first = performance.now();
        if (done === Math.ceil(trials / 10)) heap.early = alive();
        if (done === trials) [last, heap.late] = [performance.now(), alive()];
      },
    });
    const report = join(folder, 'out/report.html');
    const written = (performance.now() - last) / 1000;
    const openMs = await opening(report);
    return {
      ...{ server, trials, workers: PROCESSES * 5, seconds: (last - first) / 1000, heap },
      perSecond: trials / ((last - first) / 1000),
      report: { seconds: written, bytes: statSync(report).size, ...(openMs !== undefined && { openMs }) },
      machine: `${cpus()[0]!.model.trim()}, ${cpus().length} cores, Node ${process.version}`,
    };
  } finally {
    const ends = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
    workers.forEach((worker) => worker.kill('SIGTERM'));
    await Promise.all(ends);
    await runner.dispose?.();
    await stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds until a page is drawn in Chromium; undefined where there is none. */
async function opening(path: string): Promise<number | undefined> {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
  if (executablePath === undefined) return undefined;
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    await page.goto('about:blank');
    const started = performance.now();
    await page.goto(`file://${path}`, { waitUntil: 'load' });
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))');
    return performance.now() - started;
  } finally {
    await browser.close();
  }
}

async function main(): Promise<void> {
  const [named, ...counts] = process.argv.slice(2);
  const chosen =
    named === undefined ? (['redis', 'postgres'] as const) : ([named] as ('redis' | 'postgres')[]);
  const sizes = counts.length > 0 ? counts.map(Number) : [100, 300, 1000, 3000, 10_000];
  for (const server of chosen)
    for (const trials of sizes) {
      if (chosen.length * sizes.length > 1) {
        // A process each, so that none finds on its heap what another one has left.
        spawnSync(process.execPath, [...process.execArgv, __filename, server, String(trials)], {
          stdio: 'inherit',
        });
        continue;
      }
      const found = await measure(server, trials);
      const file = fileOf(server);
      const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Scale[]) : [];
      const all = [...kept.filter((each) => each.trials !== trials), found];
      all.sort((a, b) => a.trials - b.trials);
      writeFileSync(file, `${JSON.stringify(all, undefined, 2)}\n`);
      console.log(JSON.stringify(found));
    }
}

void main();
