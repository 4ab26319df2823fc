import { setTimeout as delay } from 'node:timers/promises';
import type { TrialEvents } from '@tersor/core';
import type { Lane, TrialEnd, TrialJob } from '../jobs.js';
import type { Registry } from '../registry.js';
import type { JobQueue, QueueServer } from '../server/connect.js';
import { isDisconnection } from '../server/steadily.js';
import { createJobWaiters, type JobEnd, type JobWaiters } from './job-waiters.js';
import { createWorkerCheck } from './missing-workers.js';

/** The study's side of a queue of trials. */
export interface LaneQueue {
  readonly lane: Lane;
  readonly queue: JobQueue<TrialJob, TrialEnd>;
  /**
   * Resolves when a job has ended, whichever worker takes it and however often it is lost. Rejects with
   * errors of the server that waiting does not solve.
   */
  ended(job: string, events: TrialEvents): Promise<JobEnd>;
  close(): Promise<void>;
}

/** Interval at which every job is looked up, in case its event was missed. */
const SWEEP_MS = 5000;

/** Opens a queue and announces it. */
export async function openLane(
  lane: Lane,
  { server, registry, pollMs }: { server: QueueServer; registry: Registry; pollMs: number },
): Promise<LaneQueue> {
  const queue = server.queue<TrialJob, TrialEnd>(lane.queue);
  const heard = server.events(lane.queue);
  await heard.waitUntilReady();
  await registry.announce(lane);
  const waiters = createJobWaiters();
  heard.on('completed', ({ jobId, returnvalue }) => waiters.complete(jobId, returnvalue));
  heard.on('failed', ({ jobId, failedReason }) => waiters.lose(jobId, failedReason));
  heard.on('active', ({ jobId }) => waiters.begin(jobId));

  const closing = new AbortController();
  const sweeping = sweep({ lane, queue, registry, waiters, pollMs, closing: closing.signal }).catch(
    waiters.fail,
  );
  return {
    lane,
    queue,
    ended(job, events) {
      const end = waiters.wait(job, events);
      // It may have ended before anyone listened.
      queue.getJob(job).then(
        (there) => there && waiters.update(job, there),
        () => undefined,
      );
      return end;
    },
    close: async () => {
      closing.abort();
      await sweeping;
      const left = await queue.getJobCountByTypes('waiting', 'active', 'completed', 'failed', 'delayed');
      if (left === 0) await registry.withdraw(lane.queue);
    },
  };
}

interface Sweeping {
  readonly lane: Lane;
  readonly queue: LaneQueue['queue'];
  readonly registry: Registry;
  readonly waiters: JobWaiters;
  readonly pollMs: number;
  readonly closing: AbortSignal;
}

/**
 * While somebody waits: keeps the queue announced, looks the jobs up, and says when no worker takes them.
 * Ends with `closing`. Rejects with errors of the server that waiting does not solve.
 */
async function sweep({ lane, queue, registry, waiters, pollMs, closing }: Sweeping): Promise<void> {
  const missingWorkers = createWorkerCheck(lane, registry);
  let swept = Date.now();
  while (!closing.aborted) {
    await delay(pollMs, undefined, { signal: closing }).catch(() => undefined);
    if (waiters.jobs().length === 0 || closing.aborted) continue;
    try {
      if (Date.now() - swept >= Math.min(SWEEP_MS, 5 * pollMs)) {
        for (const job of waiters.jobs()) waiters.update(job, await queue.getJob(job));
        swept = Date.now();
      }
      // Another study may have withdrawn it when it ended.
      await registry.announce(lane);
      const problem = await missingWorkers(waiters.isAnyBegun());
      if (problem !== undefined) waiters.notice(problem);
    } catch (error) {
      // The server is away, and will come back.
      if (!isDisconnection(error) && !closing.aborted) throw error;
    }
  }
}
