import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@tersor/core';
import type { StudyResults } from '@tersor/study';
import {
  beginnings,
  coordinate,
  offer,
  queueOptions,
  removeStudy,
  syntheticStudy,
  takeTrials,
  type Beginning,
  type SyntheticStudy,
  type Where,
} from './synthetic-study.js';
import type { TrialJob } from '../src/jobs.js';
import { openRegistry } from '../src/registry.js';
import { connect, type JobQueue } from '../src/server/connect.js';
import { createStore } from '../src/store/open-store.js';
import { describeWith } from './describe-with.js';
import type { ServerKind, TestServer } from './servers.js';
import { canMount, fill, mount } from './small-disk.js';

const ROOT = join(__dirname, '../../..');
const TRIALS = 6;
/** Steps that a trial has. */
const STEPS = 12;
const PATIENCE_MS = 120_000;
/** Milliseconds of a step. */
const STEP_MS = '60';
/** Of a step in trials that are to be running still when something is killed, however late that comes. */
const SLOW_STEP_MS = '250';
/** For those who wait until a lease is lost. Others have one that a busy machine does not lose. */
const LOSING = { changes: { leaseSeconds: 3 } };

/**
 * What must hold of every runner, whatever is killed: afterwards each trial has exactly one result, equal to
 * that of a run that nobody disturbed.
 * @param kind server of the queue; the child-process runner has none
 * @param objects server of the store, where that is no folder
 */
export function describeKills(name: string, kind?: ServerKind, objects?: ServerKind): void {
  const needed = objects && !objects.isInstalled ? objects : kind;
  describeWith(needed, `${name}: every trial has one result, equal to that of an undisturbed run`, () => {
    let server: TestServer | undefined;
    let storage: TestServer | undefined;
    let study: SyntheticStudy;
    let where: Where;
    let undisturbed: StudyResults;
    let ends: (() => Promise<void>)[] = [];

    beforeAll(async () => {
      server = await kind?.start();
      storage = await objects?.start();
      const alone = await syntheticStudy();
      process.env['SYNTHETIC_STEP_MS'] = '1';
      undisturbed = await coordinate(alone, {});
      process.env['SYNTHETIC_STEP_MS'] = STEP_MS;
      await removeStudy(alone);
    });
    afterAll(async () => {
      await storage?.stop();
      await server?.stop();
    });
    beforeEach(async () => {
      study = await syntheticStudy();
      where = { ...(server && { url: server.url }), ...(storage && { store: storage.url }) };
    });
    afterEach(async () => {
      for (const end of ends.splice(0).reverse()) await end();
      await removeStudy(study);
      ends = [];
    });

    /** A worker in this process; of a runner without workers, nothing. */
    const worker = (options: Partial<Parameters<typeof takeTrials>[2]> = {}) => {
      const stop = new AbortController();
      if (where.url === undefined) return;
      const working = takeTrials(study, where, { signal: stop.signal, ...options });
      // A study would wait for it in vain.
      working.catch((error: unknown) => process.stderr.write(`A worker has ended: ${messageOf(error)}\n`));
      ends.push(async () => {
        stop.abort();
        await working;
      });
    };
    /** A process of its own, to be killed while its trials are running. */
    const start = (role: 'worker' | 'coordinator'): ChildProcess & { said(): string } => {
      const read = ['--conditions=tersor/source', '--require', join(ROOT, 'tools/read-sources.cjs')];
      const args = [...read, join(__dirname, 'killed-process.ts'), role, JSON.stringify({ study, where })];
      const child = spawn(process.execPath, args, {
        env: { ...process.env, SYNTHETIC_JOURNAL: study.journal, SYNTHETIC_STEP_MS: SLOW_STEP_MS },
      });
      let said = '';
      child.stdout.on('data', (data: Buffer) => void (said += data.toString()));
      child.stderr.on('data', (data: Buffer) => void (said += data.toString()));
      ends.push(async () => {
        const closed = new Promise((resolve) => child.once('exit', resolve));
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGCONT');
        child.kill('SIGKILL');
        await closed;
      });
      return Object.assign(child, { said: () => said });
    };
    const requireSame = (results: StudyResults) => {
      expect(results.trials.map(({ status, error }) => error ?? status)).toEqual(Array(TRIALS).fill('done'));
      expect(results).toEqual(undisturbed);
    };
    /** Trials that have begun. */
    const begun = (count = 1) => until(async () => (await beginnings(study)).length >= count);
    const check = (title: string, work: () => Promise<void>, only: typeof it | typeof it.skip = it) =>
      only(title, work);
    /** Trials that begin meanwhile take long. */
    const slowly = async (work: () => Promise<void>) => {
      process.env['SYNTHETIC_STEP_MS'] = SLOW_STEP_MS;
      try {
        await work();
      } finally {
        process.env['SYNTHETIC_STEP_MS'] = STEP_MS;
      }
    };
    /** Of runners that have a server and workers. */
    const checkQueued: typeof check = (...test) => kind && check(...test);
    /** Of stores that are folders. */
    const checkFolder: typeof check = (...test) => objects ?? check(...test);

    checkQueued('kill -9 of a worker', async () => {
      const doomed = start('worker');
      const running = coordinate(study, where, LOSING);
      await begun(2);
      await untilKept(study, where);
      doomed.kill('SIGKILL');
      worker();
      requireSame(await running);
      // They went on from where they were, not from the beginning.
      const again = (await beginnings(study)).filter(({ from }) => from > 0);
      expect(again.length).toBeGreaterThanOrEqual(1);
    });

    check('kill -9 of the child of a worker', async () => {
      worker();
      const notices: string[] = [];
      let running: Promise<StudyResults>;
      await slowly(async () => {
        running = coordinate(study, where, { onNotice: (text) => notices.push(text) });
        await begun();
        const [{ pid }] = (await beginnings(study)) as [Beginning];
        process.kill(pid, 'SIGKILL');
      });
      requireSame(await running!);
      expect(notices.join('\n')).toMatch(/failed and is run again \(retry 1 of 1\): ended by SIGKILL/);
    });

    check('kill -9 of the coordinator', async () => {
      worker();
      const doomed = start('coordinator');
      await begun(2);
      doomed.kill('SIGKILL');
      await ended(doomed);
      requireSame(await coordinate(study, where));
      // Workers went on meanwhile: no trial was begun twice.
      if (where.url !== undefined) expect(await beginnings(study)).toHaveLength(TRIALS);
    });

    check('a stopped process that goes on after its lease', async () => {
      const stopped = start(where.url === undefined ? 'coordinator' : 'worker');
      if (where.url === undefined) {
        await begun(2);
        stopped.kill('SIGSTOP');
        await delay(3000);
        stopped.kill('SIGCONT');
        await ended(stopped);
        return requireSame(await coordinate(study, where));
      }
      const running = coordinate(study, where, LOSING);
      await begun(2);
      stopped.kill('SIGSTOP');
      worker();
      requireSame(await running);
      stopped.kill('SIGCONT');
      await until(async () => /the lease was lost/.test(stopped.said()), stopped.said);
      requireSame(await coordinate(study, where));
      // One of the two that it had may have ended at that moment.
      const again = (await beginnings(study)).length - TRIALS;
      expect([1, 2]).toContain(again);
    });

    checkQueued('a server that is restarted', async () => {
      worker();
      const running = coordinate(study, where);
      await begun(2);
      await server!.restart();
      requireSame(await running);
    });

    if (objects)
      check('object storage that is restarted', async () => {
        worker();
        const running = coordinate(study, where);
        await begun(2);
        await storage!.restart();
        requireSame(await running);
      });

    check('a coordinator that is stopped, and another one', async () => {
      worker();
      const stop = new AbortController();
      await slowly(async () => {
        const running = coordinate(study, where, { signal: stop.signal });
        await begun(2);
        stop.abort();
        await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
      });
      const before = await beginnings(study);
      requireSame(await coordinate(study, where));
      const again = (await beginnings(study)).slice(before.length).filter(({ from }) => from > 0);
      expect(again.length).toBeGreaterThanOrEqual(1);
    });

    check('two coordinators', async () => {
      worker();
      const first = coordinate(study, where);
      await begun();
      await expect(coordinate(study, where)).rejects.toMatchObject({ code: 'OUTPUT_LOCKED' });
      requireSame(await first);
      requireSame(await coordinate(study, where));
      expect(await beginnings(study)).toHaveLength(TRIALS);
    });

    checkQueued('a duplicate enqueue', async () => {
      // Both hand out the same trials at the same time: neither sees that the other one is there.
      const running = [1, 2].map(() => coordinate(study, where, { hasLock: false }));
      const { queue, close } = await onlyQueue(where.url!);
      try {
        await until(async () => (await queue.getWaitingCount()) === TRIALS);
        const jobs = await queue.getWaiting();
        for (const { id, data } of jobs) await queue.add('trial', data, { jobId: id! });
        expect(await queue.getWaitingCount()).toBe(TRIALS);
        // Under another name it is another job: it runs, and nobody asks for what it did.
        await queue.add('trial', jobs[0]!.data, { jobId: 'by-hand' });
        worker();
        for (const results of await Promise.all(running)) requireSame(results);
        await until(async () => (await queue.getJob('by-hand'))?.finishedOn !== undefined);
        const before = await beginnings(study);
        const times = new Map<string, number>();
        for (const { agent, seed } of before)
          times.set(`${agent} ${seed}`, (times.get(`${agent} ${seed}`) ?? 0) + 1);
        // All but the one by hand have run once; its lease may be lost while the reports are written.
        expect([...times.values()].sort().slice(0, -1)).toEqual(Array(TRIALS - 1).fill(1));
        requireSame(await coordinate(study, where));
        expect(await beginnings(study)).toEqual(before);
      } finally {
        await close();
      }
    });

    check('a trial that crashes each time', async () => {
      worker();
      process.env['SYNTHETIC_POISON'] = 'ddpg 2';
      const error: unknown = await coordinate(study, where).catch((cause: unknown) => cause);
      delete process.env['SYNTHETIC_POISON'];
      expect(JSON.stringify(error, messages)).toMatch(/ended by SIGKILL/);
      // The others have run, and this one as often as it was to.
      const begun = (await beginnings(study)).filter(({ agent, seed }) => agent === 'ddpg' && seed === 2);
      expect([begun.length, (await beginnings(study)).length]).toEqual([2, TRIALS + 1]);
      requireSame(await coordinate(study, where));
    });

    checkQueued('trials that take their worker along each time', async () => {
      const doomed = start('worker');
      const running = coordinate(study, where, { retries: 0, changes: { ...LOSING.changes, retakes: 0 } });
      await begun(2);
      doomed.kill('SIGKILL');
      worker();
      const outcome: unknown = await running.catch((cause: unknown) => cause);
      expect(JSON.stringify(outcome, messages)).toMatch(/workers that ran it were lost again and again/);
      requireSame(await coordinate(study, where));
    });

    const canMakeSmall = canMount();
    const fullStore = async () => {
      const small = join(study.folder, 'small');
      await mkdir(small);
      mount(small);
      ends.push(async () => void execFileSync('umount', ['-l', small]));
      const disk = where.url === undefined ? { ...study, output: join(small, 'out') } : study;
      const there = { ...where, store: join(small, 'store') };
      where = there;
      worker();
      // The store itself has room, the results have not.
      await mkdir(join(small, 'store/trials'), { recursive: true });
      await mkdir(join(small, 'out'), { recursive: true });
      await writeFile(join(small, 'store.txt'), 'x'.repeat(30_000));
      await fill(join(small, 'ballast'));
      await rm(join(small, 'store.txt'));
      const outcome = await coordinate(disk, there, { retries: 0 }).catch((error: unknown) => error);
      expect(JSON.stringify(outcome, messages)).toMatch(/ENOSPC|no space|disk may be full/);
      await rm(join(small, 'ballast'));
      requireSame(await coordinate(disk, there, { retries: 0 }));
    };
    checkFolder(
      `a store that is full${canMakeSmall ? '' : ' (no small disk can be mounted here)'}`,
      fullStore,
      canMakeSmall ? it : it.skip,
    );

    checkQueued('a worker of another version', async () => {
      const said: string[] = [];
      const heard: string[] = [];
      const versions = { ...offer.versions, tersor: '0.9.0' };
      worker({ offered: { ...offer, name: 'old', versions }, onNotice: (text) => said.push(text) });
      const running = coordinate(study, where, { onNotice: (text) => heard.push(text) });
      const why = 'the study has tersor 1.2.3, the worker 0.9.0';
      await until(async () => said.join().includes(why) && heard.join().includes(`old: ${why}`));
      expect(await beginnings(study)).toEqual([]);
      worker();
      requireSame(await running);
    });

    check('a worker with other plugins or data', async () => {
      const said: string[] = [];
      process.env['SYNTHETIC_VERSION'] = '1.2.2';
      worker({ offered: { ...offer, name: 'odd' }, onNotice: (text) => said.push(text) });
      const running = coordinate(study, where, { retries: 0 }).catch((error: unknown) => error);
      const why = 'Tersor was 1.2.3 and is now 1.2.2';
      try {
        if (where.url !== undefined) await until(async () => said.join().includes(why));
        else expect(JSON.stringify(await running)).toContain(why);
      } finally {
        delete process.env['SYNTHETIC_VERSION'];
      }
      worker();
      await running;
      requireSame(await coordinate(study, where));
    });

    it('runs the trials to their last step', async () => {
      const lines = undisturbed.trials.map(({ figures }) => figures.testAccuracy);
      expect(new Set(lines).size).toBe(TRIALS);
      expect(STEPS).toBe(12);
    });
  });
}

/** The queue of the only study, once it is there. */
async function onlyQueue(url: string): Promise<{ queue: JobQueue<TrialJob>; close: () => Promise<void> }> {
  const server = await connect(url, 'tersor');
  const registry = openRegistry(server);
  await until(async () => (await registry.lanes()).length === 1);
  const [lane] = await registry.lanes();
  return { queue: server.queue<TrialJob>(lane!.queue), close: server.close };
}

/** Resolves when the store has a checkpoint of a trial that is running. */
async function untilKept(study: SyntheticStudy, where: Where): Promise<void> {
  const { queue, close } = await onlyQueue(where.url!);
  const store = await createStore(queueOptions(study, where).store);
  const isKept = async (job: string) => {
    for (const attempt of await store.attempts(job))
      if ((await store.attempt(job, attempt).list('checkpoint')).length > 0) return true;
    return false;
  };
  try {
    await until(async () => {
      const jobs = await queue.getActive();
      return (await Promise.all(jobs.map(({ id }) => isKept(id!)))).includes(true);
    });
  } finally {
    await close();
  }
}

/** @param said what the process that is waited for has said, for the error */
async function until(holds: () => Promise<boolean>, said: () => string = () => ''): Promise<void> {
  const started = performance.now();
  while (!(await holds())) {
    if (performance.now() - started > PATIENCE_MS)
      throw new Error(`It did not come to pass in time. ${said()}`);
    await delay(50);
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

function messages(_: string, value: unknown): unknown {
  return value instanceof Error ? value.message : value;
}
