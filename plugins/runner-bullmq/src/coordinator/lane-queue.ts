import { setTimeout as delay } from 'node:timers/promises';
import { type TrialEvents } from '@tersor/core';
import type { Job } from 'bullmq';
import type { Lane, TrialEnd, TrialJob } from '../jobs.js';
import { whyNot } from '../needs.js';
import type { Registry } from '../registry.js';
import type { JobQueue, QueueServer } from '../server/connect.js';
import { isDisconnection } from '../server/steadily.js';

/** How a job ended; `gone` if the queue no longer has it: another study fetched it, or the server lost it. */
export type JobEnd = { readonly end: TrialEnd } | { readonly lost: string } | 'gone';

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

interface Waiter {
  readonly resolve: (end: JobEnd) => void;
  readonly reject: (error: unknown) => void;
  readonly events: TrialEvents;
  /** Whether its beginning was reported. */
  began?: boolean;
}

/** Interval at which every job is looked up, in case its event was missed. */
const SWEEP_MS = 5000;
/** Looks for workers before the study reports that there is none. */
const LOOKS_BEFORE_NOTICE = 3;

/** Opens a queue and announces it. */
export async function openLane(
  lane: Lane,
  { server, registry, pollMs }: { server: QueueServer; registry: Registry; pollMs: number },
): Promise<LaneQueue> {
  const queue = server.queue<TrialJob, TrialEnd>(lane.queue);
  const heard = server.events(lane.queue);
  await heard.waitUntilReady();
  await registry.announce(lane);
  const waiters = new Map<string, Set<Waiter>>();
  const settle = (job: string, end: JobEnd) => {
    const found = waiters.get(job);
    waiters.delete(job);
    found?.forEach((waiter) => waiter.resolve(end));
  };
  heard.on('completed', ({ jobId, returnvalue }) => settle(jobId, { end: endOf(returnvalue) }));
  heard.on('failed', ({ jobId, failedReason }) => settle(jobId, { lost: failedReason }));
  heard.on('active', ({ jobId }) => waiters.get(jobId)?.forEach(begin));

  const closing = new AbortController();
  const sweep = async () => {
    let said = '';
    let looks = 0;
    let swept = Date.now();
    while (!closing.signal.aborted) {
      await delay(pollMs, undefined, { signal: closing.signal }).catch(() => undefined);
      if (waiters.size === 0 || closing.signal.aborted) continue;
      try {
        if (Date.now() - swept >= Math.min(SWEEP_MS, 5 * pollMs)) {
          for (const job of [...waiters.keys()]) look(job, await queue.getJob(job), { waiters, settle });
          swept = Date.now();
        }
        // Another study may have withdrawn it when it ended.
        await registry.announce(lane);
        const isRunning = [...waiters.values()].some((each) => [...each].some(({ began }) => began));
        const problem = isRunning ? undefined : await noWorkerReason(lane, registry);
        looks = problem === undefined ? 0 : looks + 1;
        if (problem === undefined) said = '';
        else if (problem !== said && looks >= LOOKS_BEFORE_NOTICE) {
          said = problem;
          [...waiters.values()][0]?.forEach(({ events }) => events.onNotice?.(problem));
        }
      } catch (error) {
        // The server is away, and will come back.
        if (!isDisconnection(error) && !closing.signal.aborted) throw error;
      }
    }
  };
  let failure: unknown;
  const sweeping = sweep().catch((error: unknown) => {
    failure = error;
    for (const each of waiters.values()) each.forEach(({ reject }) => reject(error));
    waiters.clear();
  });
  return {
    lane,
    queue,
    ended: (job, events) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure as Error);
        const found = waiters.get(job) ?? new Set();
        found.add({ resolve, reject, events });
        waiters.set(job, found);
        // It may have ended before anyone listened.
        queue.getJob(job).then(
          (there) => there && look(job, there, { waiters, settle }),
          () => undefined,
        );
      }),
    close: async () => {
      closing.abort();
      await sweeping;
      const left = await queue.getJobCountByTypes('waiting', 'active', 'completed', 'failed', 'delayed');
      if (left === 0) await registry.withdraw(lane.queue);
    },
  };
}

interface Watched {
  readonly waiters: Map<string, Set<Waiter>>;
  readonly settle: (job: string, end: JobEnd) => void;
}

/** Settles a waiter whose job has ended, from the job itself. */
function look(id: string, job: Job<TrialJob, TrialEnd> | undefined, { waiters, settle }: Watched): void {
  if (!job) settle(id, 'gone');
  else if (job.finishedOn && job.failedReason) settle(id, { lost: job.failedReason });
  else if (job.finishedOn) settle(id, { end: endOf(job.returnvalue) });
  else if (job.processedOn) waiters.get(id)?.forEach(begin);
}

function begin(waiter: Waiter): void {
  if (waiter.began) return;
  waiter.began = true;
  waiter.events.onBegin?.();
}

function endOf(value: unknown): TrialEnd {
  return (typeof value === 'string' ? JSON.parse(value) : value) as TrialEnd;
}

/** A sentence on why no worker takes the trials of a queue; undefined if one does. */
async function noWorkerReason(lane: Lane, registry: Registry): Promise<string | undefined> {
  const workers = await registry.workers();
  if (workers.length === 0) return 'No worker is there: start some with `tersor worker --url ...`.';
  const reasons = workers.map(({ offer, refused }) => {
    const why = whyNot(lane, offer) ?? refused[lane.queue];
    return why === undefined ? undefined : `${offer.name}: ${why}`;
  });
  if (reasons.includes(undefined)) return undefined;
  return `No worker takes these trials. ${[...new Set(reasons)].sort().join('; ')}.`;
}
