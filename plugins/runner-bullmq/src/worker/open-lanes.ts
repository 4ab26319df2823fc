import { randomUUID } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { messageOf } from '@tersor/core';
import type { Job } from 'bullmq';
import type { Lane, TrialEnd, TrialJob } from '../jobs.js';
import { whyNot } from '../needs.js';
import { steadily } from '../server/steadily.js';
import { isObjectStore, openStore } from '../store/open-store.js';
import type { OpenLane, WorkerContext } from './worker-context.js';

/** A job from one of the queues, held by this worker. */
export interface NextJob {
  readonly open: OpenLane;
  readonly job: Job<TrialJob, TrialEnd>;
  readonly token: string;
  /** Says that the job needs its queue no longer. */
  release(): void;
}

/** The queues whose trials this worker takes. */
export interface OpenLanes {
  /** Opens queues that were announced, and leaves those that are gone. */
  refresh(): Promise<void>;
  /** A job from one of the queues, each first in turn; undefined if all are empty, or after an abort. */
  nextJob(signal: AbortSignal): Promise<NextJob | undefined>;
  /** Takes no more jobs of a queue, and reports why, once. */
  refuse(lane: Lane, why: string): void;
  /** Why jobs of a queue are refused, by its name. */
  readonly refused: ReadonlyMap<string, string>;
}

const NO_STORE = 'the store is not at';
const WAY_OUT = 'make it reachable there, or say with --store where it is';

/** Follows the queues that studies announce in the registry, as far as this machine can serve them. */
export function createOpenLanes(context: WorkerContext): OpenLanes {
  const { registry, server, store: path, offer, onNotice } = context;
  const lanes = new Map<string, OpenLane>();
  const refused = new Map<string, string>();
  /** How many requests and jobs need the connection of a queue. */
  const uses = new Map<OpenLane, number>();

  const use = (open: OpenLane) => uses.set(open, (uses.get(open) ?? 0) + 1);
  const release = (open: OpenLane) => {
    uses.set(open, uses.get(open)! - 1);
    closeUnused(open);
  };
  // Requests to PostgreSQL that wait for a connection when it is closed are never answered.
  const closeUnused = (open: OpenLane) => {
    if (lanes.get(open.lane.queue) === open || uses.get(open)) return;
    uses.delete(open);
    void open.taker.close().catch(() => undefined);
  };
  const leave = (queue: string) => {
    const open = lanes.get(queue);
    lanes.delete(queue);
    if (open) closeUnused(open);
  };
  const refuse = (lane: Lane, why: string) => {
    leave(lane.queue);
    if (refused.get(lane.queue) === why) return;
    refused.set(lane.queue, why);
    onNotice(`Trials of ${lane.store.address} are refused: ${why}.`);
  };
  const enter = async (lane: Lane) => {
    const why = whyNot(lane, offer);
    if (why !== undefined) return refuse(lane, why);
    // A missing store may be mounted later; other reasons for a refusal are final.
    if (refused.get(lane.queue)?.startsWith(NO_STORE) === false) return;
    const address = isAbsolute(path) || isObjectStore(path) ? path : lane.store.address;
    const store = await openStore(address, lane.store.id).catch((error: unknown) => messageOf(error));
    if (typeof store === 'string') return refuse(lane, `${NO_STORE} ${address} (${store}); ${WAY_OUT}`);
    refused.delete(lane.queue);
    const taker = server.taker<TrialJob, TrialEnd>(lane.queue, lane.leaseMs, lane.retakes);
    await taker.startStalledCheckTimer();
    lanes.set(lane.queue, { lane, taker, store });
  };

  return {
    refused,
    refuse,
    refresh: async () => {
      const announced = await registry.lanes();
      for (const lane of announced) if (!lanes.has(lane.queue)) await enter(lane);
      const names = new Set(announced.map(({ queue }) => queue));
      for (const queue of [...lanes.keys()]) if (!names.has(queue)) leave(queue);
    },
    nextJob: async (signal) => {
      const open = [...lanes.values()];
      const first = Math.floor(Math.random() * open.length);
      for (const each of [...open.slice(first), ...open.slice(0, first)]) {
        if (lanes.get(each.lane.queue) !== each) continue;
        const token = randomUUID();
        use(each);
        let isHeld = false;
        try {
          const job = await steadily(() => each.taker.getNextJob(token, { block: false }), signal);
          isHeld = job !== undefined;
          if (job) return { open: each, job, token, release: () => release(each) };
        } catch (error) {
          if (signal.aborted) return undefined;
          throw error;
        } finally {
          if (!isHeld) release(each);
        }
      }
      return undefined;
    },
  };
}
