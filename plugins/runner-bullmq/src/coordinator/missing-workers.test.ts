import { lane } from '../../test/lane.js';
import { offer } from '../../test/synthetic-study.js';
import type { WorkerEntry } from '../registry.js';
import { createWorkerCheck } from './missing-workers.js';

test('a lack of workers is said the third time in a row, once, and again when it is back', async () => {
  let workers: WorkerEntry[] = [];
  const check = createWorkerCheck(lane, { workers: () => Promise.resolve(workers) });
  const said = async (times: number, isRunning = false) => {
    const all: (string | undefined)[] = [];
    for (let i = 0; i < times; i++) all.push(await check(isRunning));
    return all;
  };
  const none = expect.stringMatching(/^No worker is there/);
  expect(await said(2)).toEqual([undefined, undefined]);
  // A trial that runs has a worker, whoever is registered.
  expect(await said(1, true)).toEqual([undefined]);
  expect(await said(4)).toEqual([undefined, undefined, none, undefined]);
  workers = [{ offer: { ...offer, name: 'small', cores: 1 }, refused: {} } as WorkerEntry];
  expect(await said(2)).toEqual([
    'No worker takes these trials. small: its trials need 2 cores, the worker has 1 for one.',
    undefined,
  ]);
  workers = [...workers, { offer, refused: {} } as WorkerEntry];
  expect(await said(1)).toEqual([undefined]);
  workers = [];
  expect(await said(3)).toEqual([undefined, undefined, none]);
});
