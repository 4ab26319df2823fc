import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrialRunner, WorkerOffer } from '@tersor/core';
import { sentTrial, type Lane } from '../jobs.js';
import type { QueueServer } from '../server/connect.js';
import { createFolderStore } from '../store/folder-store.js';
import { work } from './work.js';

const offer: WorkerOffer = {
  name: 'here',
  versions: { tersor: '1.2.3', node: process.version },
  backends: ['wasm'],
  missing: [],
  cores: 2,
  memoryBytes: 4e9,
};
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

test('a job that is no trial fails, and does not end the worker', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-work-'));
  try {
    const { address, id } = await createFolderStore(folder);
    const lane: Lane = {
      queue: 'lane-1',
      versions: offer.versions,
      backends: ['wasm'],
      cores: 1,
      memoryBytes: 1e9,
      leaseMs: 1000,
      retakes: 1,
      store: { address, id },
    };
    const moveToFailed = jest.fn(() => Promise.resolve());
    const jobs = [{ id: 'poison', data: { trial: '{', files: 'hash' }, moveToFailed }];
    const taker = {
      startStalledCheckTimer: () => Promise.resolve(),
      getNextJob: () => Promise.resolve(jobs.pop()),
      close: () => Promise.resolve(),
    };
    const notices: string[] = [];
    const end = new AbortController();
    await work({
      server: { taker: () => taker } as unknown as QueueServer,
      registry: {
        lanes: () => Promise.resolve([lane]),
        enter: () => Promise.resolve(),
        leave: () => Promise.resolve(),
      } as never,
      pollMs: 5,
      store: address,
      offer,
      local: {
        concurrency: 1,
        run: () => Promise.reject(new Error('nothing to run')),
      } as unknown as TrialRunner,
      cache: join(folder, 'cache'),
      signal: end.signal,
      onNotice: (text) => {
        notices.push(text);
        end.abort();
      },
    });
    expect(jobs).toEqual([]);
    expect(moveToFailed).toHaveBeenCalledTimes(1);
    expect(notices).toEqual(['Failed: job poison is not a trial of this version.']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
