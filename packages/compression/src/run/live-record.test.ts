import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { TersorError, type CompressConfig } from '@tersor/core';
import { checkpointStore } from './checkpoint.js';
import { createLiveRecord, type LiveLine } from './live-record.js';
import { holderOf, lockOutput } from './output-lock.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'tersor-live-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const START = {
  config: { model: 'm', seed: 1 } as unknown as CompressConfig,
  backend: 'wasm',
  baseline: {
    accuracy: { validation: 0.9, test: 0.8 },
    parameters: 10,
    macs: 100,
    macsWithoutZeroSlices: 100,
    bytes: 40,
  },
  command: { args: ['compress', 'c.yaml'], directory: '/there' },
};
const EPISODE = {
  episode: 1,
  actions: [[0.5]],
  reward: 0.75,
  measures: { accuracy: 0.7 },
  policy: { conv1: 4 },
  statistics: {},
  seconds: 2,
};
const lines = async () =>
  (await readFile(join(folder, 'checkpoint/live.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LiveLine);

describe('the live record of a run', () => {
  it('is written from the search on, with what was said before, and tells why the run ended', async () => {
    const { events, describe: describeRun, fail } = createLiveRecord(join(folder, 'checkpoint'));
    events.onNotice('early');
    events.onStage('prune-prepare');
    describeRun(START);
    expect(await readdir(folder)).toEqual([]);
    events.onStage('prune', { number: 2, of: 3 });
    events.onEpisode('prune', EPISODE);
    fail(new TersorError('OUTPUT_FAILED', 'The disk is full.'));
    const { statistics: _statistics, actions: _actions, ...kept } = EPISODE;
    expect((await lines()).map(({ at: _at, ...line }) => line)).toEqual([
      { began: { pid: process.pid, host: hostname(), ...START } },
      { notice: 'early' },
      { stage: 'prune-prepare' },
      { stage: 'prune', round: 2 },
      { episode: { ...kept, stage: 'prune', round: 2, policy: { conv1: '4 bits' } } },
      { ended: { code: 'OUTPUT_FAILED', message: 'The disk is full.' } },
    ]);
  });

  it('is not written by a run that ends before there is anything to save', async () => {
    const { events, describe: describeRun, fail } = createLiveRecord(join(folder, 'checkpoint'));
    describeRun(START);
    events.onStage('baseline');
    fail(new Error('no'));
    expect(await readdir(folder)).toEqual([]);
  });

  it('goes with the checkpoints of a run that is done', async () => {
    const { events, describe: describeRun } = createLiveRecord(join(folder, 'checkpoint'));
    describeRun(START);
    events.onStage('quantize');
    const store = checkpointStore(join(folder, 'checkpoint'), { config: {}, identity: {} as never });
    await store.save({});
    expect(await readdir(join(folder, 'checkpoint'))).toEqual(['000001.ckpt', 'live.jsonl']);
    await store.clear();
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('holderOf', () => {
  it('names the process that holds a folder, and nobody before and after', async () => {
    expect(holderOf(folder)).toBeUndefined();
    const release = await lockOutput(folder);
    expect(holderOf(folder)).toMatchObject({ pid: process.pid, host: hostname(), isHere: true });
    await release();
    expect(holderOf(folder)).toBeUndefined();
  });

  it('takes no process for the holder whose number a killed one had, nor half a file', async () => {
    const owner = { pid: process.pid, host: hostname(), since: new Date().toISOString(), heldBy: 'lock' };
    await writeFile(join(folder, '.lock'), JSON.stringify(owner));
    expect(holderOf(folder)).toBeUndefined();
    await writeFile(join(folder, '.lock'), '{"pid":');
    expect(holderOf(folder)).toBeUndefined();
  });

  it('believes the file of another machine, but says that it was not seen', async () => {
    const owner = { pid: 7, host: 'elsewhere', since: '2026-01-01T00:00:00.000Z', heldBy: 'lock' };
    await writeFile(join(folder, '.lock'), JSON.stringify(owner));
    expect(holderOf(folder)).toEqual({ pid: 7, host: 'elsewhere', since: owner.since, isHere: false });
  });
});
