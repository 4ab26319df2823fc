import type { WorkerOffer } from '@tersor/core';
import type { Job } from 'bullmq';
import type { QueueServer } from './server/connect.js';
import type { Lane } from './jobs.js';

/** A process that takes trials, as it says itself. */
export interface WorkerEntry {
  readonly offer: WorkerOffer;
  readonly trials: readonly string[];
  /** By the queue: why it takes none of its trials. */
  readonly refused: Readonly<Record<string, string>>;
  /** When it said so, in milliseconds since 1970 by its own clock, which may be wrong. */
  readonly seen: number;
}

type Entry = { readonly lane: Lane } | { readonly worker: WorkerEntry };

/** Where studies say which queues there are, and workers that they are there. */
export interface Registry {
  announce(lane: Lane): Promise<void>;
  withdraw(queue: string): Promise<void>;
  lanes(): Promise<Lane[]>;
  /** Writes or renews a worker's entry. */
  enter(id: string, worker: WorkerEntry): Promise<void>;
  leave(id: string): Promise<void>;
  /** Those that were heard of lately. */
  workers(): Promise<WorkerEntry[]>;
}

/** A worker that was silent for so long is gone. */
const SILENT_MS = 30_000;
const FORGOTTEN_MS = 24 * 3600_000;

/**
 * The registry of a server: a queue whose jobs nobody takes, so that it works alike on every server.
 * @param silentMs after which a worker counts as gone
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
