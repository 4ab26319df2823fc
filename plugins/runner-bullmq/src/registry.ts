import type { WorkerOffer } from '@tersor/core';
import type { Job } from 'bullmq';
import type { QueueServer } from './server/connect.js';
import type { Lane } from './jobs.js';

/** A worker's own description of itself. */
export interface WorkerEntry {
  readonly offer: WorkerOffer;
  readonly trials: readonly string[];
  /** Why it takes no trials of a queue, by the queue's name. */
  readonly refused: Readonly<Record<string, string>>;
  /** When it wrote this, in milliseconds since 1970 by its own clock, which may be wrong. */
  readonly seen: number;
}

type Entry = { readonly lane: Lane } | { readonly worker: WorkerEntry };

/** The place where studies announce their queues, and workers themselves. */
export interface Registry {
  announce(lane: Lane): Promise<void>;
  withdraw(queue: string): Promise<void>;
  lanes(): Promise<Lane[]>;
  /** Writes or renews a worker's entry. */
  enter(id: string, worker: WorkerEntry): Promise<void>;
  leave(id: string): Promise<void>;
  /** Workers with a recent entry. */
  workers(): Promise<WorkerEntry[]>;
}

/** A worker silent for this long is gone. */
const SILENT_MS = 30_000;
const FORGOTTEN_MS = 24 * 3600_000;

/**
 * The registry of a server: a queue whose jobs nobody takes, which works the same way on every kind of
 * server.
 * @param silentMs silence in milliseconds after which a worker counts as gone
 */
export function openRegistry(server: QueueServer, silentMs = SILENT_MS): Registry {
  const queue = server.queue<{ readonly entry: Entry }>('registry');
  const write = async (id: string, entry: Entry) => {
    const found = await queue.getJob(id);
    if (!found) await queue.add('entry', { entry }, { jobId: id });
    else if ('worker' in entry) await found.updateData({ entry });
  };
  const entries = async () => {
    const jobs = (await queue.getJobs(['waiting'])) as (Job<{ readonly entry: Entry }> | undefined)[];
    return jobs.flatMap((job) => (job ? [{ id: job.id!, entry: job.data.entry }] : []));
  };
  const remove = async (id: string) => void (await queue.remove(id));
  const heard = new Map<string, { readonly seen: number; readonly at: number }>();
  /** By this machine's clock, from the second look on: then a worker whose clock is wrong is there, too. */
  const silence = (id: string, seen: number) => {
    const now = Date.now();
    const before = heard.get(id);
    if (before?.seen !== seen) heard.set(id, { seen, at: before ? now : now - Math.abs(now - seen) });
    return now - heard.get(id)!.at;
  };
  return {
    announce: (lane) => write(`lane-${lane.queue}`, { lane }),
    withdraw: (name) => remove(`lane-${name}`),
    lanes: async () => (await entries()).flatMap(({ entry }) => ('lane' in entry ? [entry.lane] : [])),
    enter: (id, worker) => write(`worker-${id}`, { worker }),
    leave: (id) => {
      heard.delete(`worker-${id}`);
      return remove(`worker-${id}`);
    },
    workers: async () => {
      const found: WorkerEntry[] = [];
      for (const { id, entry } of await entries()) {
        if (!('worker' in entry)) continue;
        const silent = silence(id, entry.worker.seen);
        if (silent < silentMs) found.push(entry.worker);
        else if (silent > FORGOTTEN_MS) await remove(id);
      }
      return found;
    },
  };
}
