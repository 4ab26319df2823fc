import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TrialOutcome } from '@tersor/core';
import { lane as described } from '../../test/lane.js';
import { offer } from '../../test/synthetic-study.js';
import { sentTrial, type Lane } from '../jobs.js';
import type { QueueServer } from '../server/connect.js';
import { createFolderStore } from '../store/folder-store.js';
import { hashOf } from '../store/hash-of.js';
import type { TrialStore } from '../store/trial-store.js';
import { work } from './work.js';

const TRIAL = JSON.stringify({ id: 'abc', config: {}, inputs: {} });

test.each([
  ['of another version', undefined],
  ['without a trial', { files: 'hash' }],
  ['cut off', { trial: TRIAL.slice(0, -3), files: 'hash' }],
  ['of another kind', { trial: '7', files: 'hash' }],
  ['without files', { trial: TRIAL }],
])('a job %s is no trial', (_, data) => {
  expect(sentTrial(data)).toBeUndefined();
  expect(sentTrial({ trial: TRIAL, files: 'hash' })).toMatchObject({ id: 'abc' });
});

describe('a worker', () => {
  let folder: string;
  let store: TrialStore;
  let lane: Lane;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tersor-work-'));
    store = await createFolderStore(join(folder, 'store'));
    lane = { ...described, leaseMs: 60_000, store: { address: store.address, id: store.id } };
  });
  afterEach(() => rm(folder, { recursive: true }));

  interface Worker {
    readonly jobs: object[];
    readonly run: (signal: AbortSignal) => Promise<TrialOutcome>;
    readonly lanes?: () => Promise<readonly Lane[]>;
    onNotice(text: string): void;
  }
  const start = ({ jobs, run, lanes = async () => [lane], onNotice }: Worker, signal: AbortSignal) => {
    const taker = {
      startStalledCheckTimer: async () => undefined,
      getNextJob: async () => jobs.pop(),
      close: async () => undefined,
    };
    return work({
      server: { taker: () => taker } as unknown as QueueServer,
      registry: { lanes, enter: async () => undefined, leave: async () => undefined } as never,
      pollMs: 5,
      store: store.address,
      offer,
      local: { id: 'fake', concurrency: 1, run: (_trial, stop) => run(stop) },
      cache: join(folder, 'cache'),
      signal,
      onNotice,
    });
  };

  test('fails a job that is no trial, and goes on', async () => {
    const moveToFailed = jest.fn(() => Promise.resolve());
    const jobs = [{ id: 'poison', data: { trial: '{', files: 'hash' }, moveToFailed }];
    const notices: string[] = [];
    const end = new AbortController();
    const onNotice = (text: string) => {
      notices.push(text);
      end.abort();
    };
    const run = () => Promise.reject(new Error('nothing to run'));
    await start({ jobs, run, onNotice }, end.signal);
    expect(jobs).toEqual([]);
    expect(moveToFailed).toHaveBeenCalledTimes(1);
    expect(notices).toEqual(['Failed: job poison is not a trial of this version.']);
  });

  test('lets its trial save its state before it ends because the server refuses it', async () => {
    const inputs = join(folder, 'inputs.json');
    await writeFile(inputs, JSON.stringify({ directory: '.', files: {} }));
    const files = await hashOf(inputs);
    await store.bring(inputs, files);
    const happened: string[] = [];
    const moveToWait = async () => void happened.push('given back');
    const jobs = [{ id: 'job', data: { trial: TRIAL, files }, moveToWait }];
    let isRunning = false;
    const run = async (signal: AbortSignal): Promise<TrialOutcome> => {
      isRunning = true;
      await once(signal, 'abort');
      await delay(50);
      happened.push('saved');
      return { status: 'interrupted' };
    };
    const lanes = async () => {
      if (isRunning) throw new Error('WRONGPASS the password was changed');
      return [lane];
    };
    const working = start({ jobs, run, lanes, onNotice: () => undefined }, new AbortController().signal);
    await expect(working).rejects.toThrow('WRONGPASS');
    expect(happened).toEqual(['saved', 'given back']);
  });
});
