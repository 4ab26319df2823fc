import type { TrialEvents } from '@tersor/core';
import type { Job } from 'bullmq';
import type { TrialEnd, TrialJob } from '../jobs.js';

/** How a job ended; `gone` if the queue no longer has it: another study fetched it, or the server lost it. */
export type JobEnd = { readonly end: TrialEnd } | { readonly lost: string } | 'gone';

/** Those who wait for the end of jobs, by job. */
export interface JobWaiters {
  /** Resolves when the job has ended. Rejects after `fail`. */
  wait(job: string, events: TrialEvents): Promise<JobEnd>;
  /** The jobs that somebody waits for. */
  jobs(): string[];
  /** Whether a worker has begun one of them. */
  isAnyBegun(): boolean;
  begin(job: string): void;
  /** The job has ended with this result of a worker. */
  complete(job: string, result: unknown): void;
  /** The job has ended without a result, for this reason. */
  lose(job: string, reason: string): void;
  /** Takes what a look-up of the job gives: in case an event was missed. */
  update(id: string, job: Job<TrialJob, TrialEnd> | undefined): void;
  /** Tells those who wait for one of the jobs. */
  notice(text: string): void;
  /** Rejects all, now and from now on. */
  fail(error: unknown): void;
}

interface Waiter {
  readonly resolve: (end: JobEnd) => void;
  readonly reject: (error: unknown) => void;
  readonly events: TrialEvents;
  /** Whether its beginning was reported. */
  began?: boolean;
}

export function createJobWaiters(): JobWaiters {
  const waiters = new Map<string, Set<Waiter>>();
  let failure: { readonly error: unknown } | undefined;
  const settle = (job: string, end: JobEnd) => {
    const found = waiters.get(job);
    waiters.delete(job);
    found?.forEach((waiter) => waiter.resolve(end));
  };
  const complete = (job: string, result: unknown) => settle(job, endOf(result));
  const lose = (job: string, reason: string) => settle(job, { lost: reason });
  const begin = (job: string) => waiters.get(job)?.forEach(reportBegin);
  return {
    wait: (job, events) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure.error as Error);
        const found = waiters.get(job) ?? new Set();
        found.add({ resolve, reject, events });
        waiters.set(job, found);
      }),
    jobs: () => [...waiters.keys()],
    isAnyBegun: () => [...waiters.values()].some((each) => [...each].some(({ began }) => began)),
    begin,
    complete,
    lose,
    update(id, job) {
      if (!job) settle(id, 'gone');
      else if (job.finishedOn && job.failedReason) lose(id, job.failedReason);
      else if (job.finishedOn) complete(id, job.returnvalue);
      else if (job.processedOn) begin(id);
    },
    notice: (text) => [...waiters.values()][0]?.forEach(({ events }) => events.onNotice?.(text)),
    fail(error) {
      failure = { error };
      for (const each of waiters.values()) each.forEach(({ reject }) => reject(error));
      waiters.clear();
    },
  };
}

function reportBegin(waiter: Waiter): void {
  if (waiter.began) return;
  waiter.began = true;
  waiter.events.onBegin?.();
}

/** Some servers give the result as JSON. */
function endOf(result: unknown): JobEnd {
  try {
    return { end: (typeof result === 'string' ? JSON.parse(result) : result) as TrialEnd };
  } catch {
    return { lost: 'its worker gave a result that is not JSON; it may be of another version' };
  }
}
