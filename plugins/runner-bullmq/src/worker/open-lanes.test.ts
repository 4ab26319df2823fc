import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lane as described } from '../../test/lane.js';
import { offer } from '../../test/synthetic-study.js';
import type { Lane } from '../jobs.js';
import { createFolderStore } from '../store/folder-store.js';
import { createOpenLanes } from './open-lanes.js';

const job = { id: 'job' };
const { signal } = new AbortController();

let folder: string;
let lane: Lane;
let announced: Lane[];
/** Answers to requests for a job, in the order of the requests. */
let answers: ((job: unknown) => void)[];
const close = jest.fn(async () => undefined);
const onNotice = jest.fn();

const open = () =>
  createOpenLanes({
    server: {
      taker: () => ({
        startStalledCheckTimer: async () => undefined,
        getNextJob: () => new Promise((resolve) => answers.push(resolve)),
        close,
      }),
    },
    registry: { lanes: async () => announced },
    store: lane.store.address,
    offer,
    onNotice,
  } as never);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tersor-lanes-'));
  const store = await createFolderStore(join(folder, 'store'));
  lane = { ...described, store: { address: store.address, id: store.id } };
  announced = [lane];
  answers = [];
  close.mockClear();
  onNotice.mockClear();
});
afterEach(() => rm(folder, { recursive: true }));

// A request that waits for a connection to PostgreSQL is never answered when that is closed.
test('a queue that is gone is closed when its last request is answered, not before', async () => {
  const lanes = open();
  await lanes.refresh();
  const asked = [lanes.nextJob(signal), lanes.nextJob(signal)];
  announced = [];
  await lanes.refresh();
  answers[0]!(undefined);
  expect(await asked[0]).toBeUndefined();
  expect(close).not.toHaveBeenCalled();
  answers[1]!(undefined);
  expect(await asked[1]).toBeUndefined();
  expect(close).toHaveBeenCalledTimes(1);
  expect(await lanes.nextJob(signal)).toBeUndefined();
  expect(answers).toHaveLength(2);
});

test('a queue that is gone is closed when its last job is released, even one that came late', async () => {
  const lanes = open();
  await lanes.refresh();
  const asked = lanes.nextJob(signal);
  announced = [];
  await lanes.refresh();
  answers[0]!(job);
  const taken = await asked;
  expect(taken).toMatchObject({ job, open: { lane } });
  expect(close).not.toHaveBeenCalled();
  taken!.release();
  expect(close).toHaveBeenCalledTimes(1);
});

test('a queue that comes back while its old connection is needed is opened anew', async () => {
  const lanes = open();
  await lanes.refresh();
  const before = lanes.nextJob(signal);
  announced = [];
  await lanes.refresh();
  announced = [lane];
  await lanes.refresh();
  const after = lanes.nextJob(signal);
  expect(answers).toHaveLength(2);
  answers[0]!(undefined);
  await before;
  expect(close).toHaveBeenCalledTimes(1);
  answers[1]!(job);
  (await after)!.release();
  expect(close).toHaveBeenCalledTimes(1);
});

test('a queue that is not needed is closed as soon as it is gone', async () => {
  const lanes = open();
  await lanes.refresh();
  announced = [];
  await lanes.refresh();
  expect(close).toHaveBeenCalledTimes(1);
});

test('a refused queue is closed after its jobs, reported once, and not opened again', async () => {
  const lanes = open();
  await lanes.refresh();
  const asked = lanes.nextJob(signal);
  answers[0]!(job);
  const taken = await asked;
  lanes.refuse(lane, 'its inputs cannot be had here');
  lanes.refuse(lane, 'its inputs cannot be had here');
  expect(close).not.toHaveBeenCalled();
  taken!.release();
  expect(close).toHaveBeenCalledTimes(1);
  await lanes.refresh();
  expect(await lanes.nextJob(signal)).toBeUndefined();
  expect([...lanes.refused]).toEqual([[lane.queue, 'its inputs cannot be had here']]);
  expect(onNotice).toHaveBeenCalledTimes(1);
});
