import { createJobWaiters } from './job-waiters.js';

const END = { status: 'done' };

it('tells everybody who waits for a job that it began, once, and how it ended', async () => {
  const waiters = createJobWaiters();
  const begun: string[] = [];
  const ends = ['first', 'second'].map((name) => waiters.wait('job', { onBegin: () => begun.push(name) }));
  expect(waiters.isAnyBegun()).toBe(false);
  waiters.begin('job');
  waiters.update('job', { processedOn: 1 } as never);
  expect([begun, waiters.isAnyBegun(), waiters.jobs()]).toEqual([['first', 'second'], true, ['job']]);
  waiters.complete('job', JSON.stringify(END));
  expect(await Promise.all(ends)).toEqual([{ end: END }, { end: END }]);
  expect([waiters.isAnyBegun(), waiters.jobs()]).toEqual([false, []]);
});

it.each([
  ['a job that the queue no longer has', undefined, 'gone'],
  [
    'a failed one',
    { finishedOn: 1, failedReason: 'its worker was killed' },
    { lost: 'its worker was killed' },
  ],
  ['one that is done', { finishedOn: 1, returnvalue: END }, { end: END }],
  [
    'a result that is not JSON',
    { finishedOn: 1, returnvalue: '{"sta' },
    { lost: expect.stringMatching('not JSON') },
  ],
])('settles %s from a look-up', async (_, job, end) => {
  const waiters = createJobWaiters();
  const ended = waiters.wait('job', {});
  waiters.update('job', job as never);
  expect(await ended).toEqual(end);
});

it('rejects those who wait, and those who come later, once the server has failed', async () => {
  const waiters = createJobWaiters();
  const before = waiters.wait('job', {});
  waiters.fail(new Error('wrong password'));
  await expect(before).rejects.toThrow('wrong password');
  await expect(waiters.wait('other', {})).rejects.toThrow('wrong password');
  expect(waiters.jobs()).toEqual([]);
});

it('gives a notice to those who wait for one job, not to all', async () => {
  const waiters = createJobWaiters();
  const heard: string[] = [];
  for (const job of ['a', 'b']) void waiters.wait(job, { onNotice: (text) => heard.push(`${job}: ${text}`) });
  waiters.notice('no worker');
  expect(heard).toEqual(['a: no worker']);
});
