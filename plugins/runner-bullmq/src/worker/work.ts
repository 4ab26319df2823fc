import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { isAbsolute } from 'node:path';
import { messageOf } from '@tersor/core';
import { UnrecoverableError } from 'bullmq';
import { sentTrial, type Lane, type TrialEnd, type TrialJob } from '../jobs.js';
import { whyNot } from '../needs.js';
import { isDisconnection, steadily } from '../server/steadily.js';
import { isObjectStore, openStore } from '../store/open-store.js';
import { takeTrial } from './take-trial.js';
import type { OpenLane, WorkerContext } from './worker-context.js';

/** Looks for trials after which a worker renews its entry in the registry. */
const LOOKS_PER_ENTRY = 3;

/**
 * Takes trials from every queue that a study has announced and this machine can serve, until `signal` is
 * aborted. Refused queues are reported once, here and in the registry. Rejects with errors of the server that
 * waiting does not solve.
 */
export async function work(context: WorkerContext): Promise<void> {
  const { registry, pollMs, signal, offer, local, idleSeconds } = context;
  const id = randomUUID();
  const lanes = new Map<string, OpenLane>();
  const refused = new Map<string, string>();
  /** The queue of each trial that is running. */
  const running = new Map<string, string>();
  let busyAt = performance.now();
  const isIdle = () => idleSeconds !== undefined && performance.now() - busyAt > idleSeconds * 1000;
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  signal.addEventListener('abort', () => ending.abort(signal.reason));
  if (signal.aborted) ending.abort(signal.reason);
  const refuse = (lane: Lane, why: string) => {
    lanes.delete(lane.queue);
    if (refused.get(lane.queue) === why) return;
    refused.set(lane.queue, why);
    context.onNotice(`Trials of ${lane.store.address} are refused: ${why}.`);
  };
  const enter = () => {
    const trials = [...running.keys()];
    return registry.enter(id, { offer, trials, refused: Object.fromEntries(refused), seen: Date.now() });
  };

  const looking = async () => {
    for (let look = 0; !ending.signal.aborted; look++) {
      try {
        await openNew(context, { lanes, refused, refuse, busy: new Set(running.values()) });
        if (look % LOOKS_PER_ENTRY === 0) await enter();
      } catch (error) {
        if (!isDisconnection(error)) throw error;
      }
      if (running.size === 0 && isIdle()) return ending.abort();
      await delay(pollMs, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  const taking = async () => {
    while (!ending.signal.aborted) {
      const taken = await nextTrial([...lanes.values()], ending.signal);
      if (!taken) {
        await delay(pollMs, undefined, { signal: ending.signal }).catch(() => undefined);
        continue;
      }
      const trial = sentTrial(taken.job.data);
      if (!trial) {
        // Given back, it would come to one worker after the other.
        const why = `job ${taken.job.id} is not a trial of this version`;
        context.onNotice(`Failed: ${why}.`);
        await taken.job.moveToFailed(new UnrecoverableError(why), taken.token).catch(() => undefined);
        continue;
      }
      running.set(trial.id, taken.open.lane.queue);
      try {
        const why = await takeTrial({ ...taken, trial }, { ...context, signal: ending.signal });
        if (why !== undefined) refuse(taken.open.lane, why);
      } catch (error) {
        // Its lease ends, and it goes on elsewhere or here. A server that is of no use ends `looking`.
        context.onNotice(
          `Trial ${trial.id}: its end could not be reported to the queue: ${messageOf(error)}`,
        );
      } finally {
        running.delete(trial.id);
        busyAt = performance.now();
      }
    }
  };
  const parts = [looking(), ...Array.from({ length: local.concurrency }, taking)];
  // Where one ends with an error the others end, too: a trial that runs saves its state first.
  const ends = parts.map((part) => part.finally(() => ending.abort()));
  const ended = await Promise.allSettled(ends);
  await registry.leave(id).catch(() => undefined);
  for (const end of ended) if (end.status === 'rejected') throw end.reason as Error;
}

/**
 * Opens new queues and reports refused ones. Closes queues that are gone, but not while one of their trials
 * is running: requests on a closed connection to PostgreSQL are never answered.
 */
async function openNew(
  { registry, server, store: path, offer }: WorkerContext,
  {
    lanes,
    refused,
    refuse,
    busy,
  }: {
    readonly lanes: Map<string, OpenLane>;
    readonly refused: Map<string, string>;
    readonly refuse: (lane: Lane, why: string) => void;
    readonly busy: ReadonlySet<string>;
  },
): Promise<void> {
  const announced = await registry.lanes();
  for (const lane of announced) {
    if (lanes.has(lane.queue)) continue;
    const why = whyNot(lane, offer);
    if (why !== undefined) {
      refuse(lane, why);
      continue;
    }
    // A missing store may be mounted later; other reasons for a refusal are final.
    if (refused.get(lane.queue)?.startsWith(NO_STORE) === false) continue;
    const address = isAbsolute(path) || isObjectStore(path) ? path : lane.store.address;
    const store = await openStore(address, lane.store.id).catch((error: unknown) => messageOf(error));
    if (typeof store === 'string') {
      refuse(lane, `${NO_STORE} ${address} (${store}); ${WAY_OUT}`);
      continue;
    }
    refused.delete(lane.queue);
    const taker = server.taker<TrialJob, TrialEnd>(lane.queue, lane.leaseMs, lane.retakes);
    await taker.startStalledCheckTimer();
    lanes.set(lane.queue, { lane, taker, store });
  }
  for (const [name, { taker }] of lanes) {
    if (busy.has(name) || announced.some(({ queue }) => queue === name)) continue;
    lanes.delete(name);
    void taker.close();
  }
}

const NO_STORE = 'the store is not at';
const WAY_OUT = 'make it reachable there, or say with --store where it is';

/** A job from one of the queues, each of them first in turn; undefined if all are empty. */
async function nextTrial(lanes: readonly OpenLane[], signal: AbortSignal) {
  const first = Math.floor(Math.random() * lanes.length);
  for (const open of [...lanes.slice(first), ...lanes.slice(0, first)]) {
    const token = randomUUID();
    try {
      const job = await steadily(() => open.taker.getNextJob(token, { block: false }), signal);
      if (job) return { open, job, token };
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }
  return undefined;
}
