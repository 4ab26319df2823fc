import { spawn, type ChildProcess } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@tersor/core';
import type { StudyResults } from '@tersor/study';
import { openBucket } from '../../src/store/s3/bucket.js';
import { parseS3Address } from '../../src/store/s3/s3-address.js';
import type { ServerKind, TestServer } from '../servers.js';
import {
  beginnings,
  coordinate,
  removeStudy,
  syntheticStudy,
  takeTrials,
  type SyntheticStudy,
  type Where,
} from '../synthetic-study.js';

const ROOT = join(__dirname, '../../../..');
/** How many trials a synthetic study has. */
export const TRIALS = 6;
const PATIENCE_MS = 120_000;
/** For those who wait until a lease is lost. Others have one that a busy machine does not lose. */
export const LOSING = { changes: { leaseSeconds: 3 } };

/** What a runner has that can be killed. */
export interface KillKind {
  /** A server of its queue, and workers. */
  readonly queue: boolean;
  /** A store that is no folder. */
  readonly objects: boolean;
}

/** What a test kills, and how it sees that nothing is lost. Each test has a study and a folder of its own. */
export interface KillRig {
  readonly study: SyntheticStudy;
  readonly where: Where;
  /** Server of the queue, once the tests run; the child-process runner has none. */
  readonly server: TestServer | undefined;
  /** Server of the store, where that is no folder. */
  readonly storage: TestServer | undefined;
  /** Results of a run that nobody disturbed. */
  readonly undisturbed: StudyResults;
  /** Puts the store of this test elsewhere. */
  moveStore(store: string): void;
  /** Starts a worker in this process; of a runner without workers, nothing. */
  worker(options?: Partial<Parameters<typeof takeTrials>[2]>): void;
  /** Starts a process of its own, to be killed. */
  start(role: 'worker' | 'coordinator'): ChildProcess & { said(): string };
  requireSame(results: StudyResults): void;
  /** Waits until so many trials have begun. */
  begun(count?: number): Promise<void>;
  /** Has trials wait half-way from now on, until they are let go. */
  hold(): Promise<void>;
  letGo(): Promise<void>;
  /** Waits until two trials have begun, and one has saved a step where the others see it. */
  saved(): Promise<void>;
  /** Does this after the test. */
  atEnd(work: () => Promise<void>): void;
  check(title: string, work: () => Promise<void>, only?: typeof it | typeof it.skip): void;
}

/** Makes the rig of the tests that are described around it. */
export function useRig(kind: ServerKind | undefined, objects: ServerKind | undefined): KillRig {
  let server: TestServer | undefined;
  let storage: TestServer | undefined;
  let study: SyntheticStudy;
  let where: Where;
  let undisturbed: StudyResults;
  const ends: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    server = await kind?.start();
    storage = await objects?.start();
    const alone = await syntheticStudy();
    process.env['SYNTHETIC_STEP_MS'] = '1';
    undisturbed = await coordinate(alone, {});
    process.env['SYNTHETIC_STEP_MS'] = '60';
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
  });

  const begun = (count = 1) => until(async () => (await beginnings(study)).length >= count);
  return {
    get study() {
      return study;
    },
    get where() {
      return where;
    },
    get server() {
      return server;
    },
    get storage() {
      return storage;
    },
    get undisturbed() {
      return undisturbed;
    },
    moveStore: (store) => void (where = { ...where, store }),
    atEnd: (work) => void ends.push(work),
    worker: (options) => {
      const stop = new AbortController();
      if (where.url === undefined) return;
      const working = takeTrials(study, where, { signal: stop.signal, ...options });
      // A study would wait for it in vain.
      working.catch((error: unknown) => process.stderr.write(`A worker has ended: ${messageOf(error)}\n`));
      ends.push(async () => {
        stop.abort();
        await working;
      });
    },
    start: (role) => {
      const child = startProcess(role, study, where);
      ends.push(async () => {
        child.kill('SIGCONT');
        child.kill('SIGKILL');
        await ended(child);
      });
      return child;
    },
    requireSame: (results) => {
      expect(results.trials.map(({ status, error }) => error ?? status)).toEqual(Array(TRIALS).fill('done'));
      expect(results).toEqual(undisturbed);
    },
    begun,
    hold: () => writeFile(`${study.journal}.held`, ''),
    letGo: () => rm(`${study.journal}.held`),
    saved: async () => {
      await begun(2);
      await until(() => hasSaved(study, where));
    },
    check: (title, work, only = it) => only(title, work),
  };
}

function startProcess(
  role: 'worker' | 'coordinator',
  study: SyntheticStudy,
  where: Where,
): ChildProcess & { said(): string } {
  const read = ['--conditions=tersor/source', '--require', join(ROOT, 'tools/read-sources.cjs')];
  const program = join(__dirname, '../killed-process.ts');
  const child = spawn(process.execPath, [...read, program, role, JSON.stringify({ study, where })], {
    env: { ...process.env, SYNTHETIC_JOURNAL: study.journal },
  });
  let said = '';
  const hear = (data: Buffer) => void (said += data.toString());
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  return Object.assign(child, { said: () => said });
}

async function hasSaved({ folder }: SyntheticStudy, { store }: Where): Promise<boolean> {
  const isState = (name: string) => name.endsWith('checkpoint/state.json');
  if (!store?.startsWith('s3://')) return (await readdir(folder, { recursive: true })).some(isState);
  const place = parseS3Address(store);
  const bucket = await openBucket(store, place);
  return (await bucket.keys(`${place.prefix}trials/`)).some(isState);
}

/** @param said what the process that is waited for has said, for the error */
export async function until(holds: () => Promise<boolean>, said: () => string = () => ''): Promise<void> {
  const started = performance.now();
  while (!(await holds())) {
    if (performance.now() - started > PATIENCE_MS)
      throw new Error(`It did not come to pass in time. ${said()}`);
    await delay(50);
  }
}

/** Waits for the end of a process. */
export function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** All that an error says, its causes and the errors in it included. */
export function saidBy(error: unknown): string {
  return JSON.stringify(error, (_, value: unknown) => (value instanceof Error ? value.message : value));
}
