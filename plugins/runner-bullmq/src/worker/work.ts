import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@tersor/core';
import { UnrecoverableError } from 'bullmq';
import { sentTrial } from '../jobs.js';
import { isDisconnection } from '../server/steadily.js';
import { createOpenLanes, type NextJob } from './open-lanes.js';
import { takeTrial } from './take-trial.js';
import type { WorkerContext } from './worker-context.js';

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
  const lanes = createOpenLanes(context);
  /** Trials that are running. */
  const running = new Set<string>();
  let busyAt = performance.now();
  const isIdle = () => idleSeconds !== undefined && performance.now() - busyAt > idleSeconds * 1000;
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  signal.addEventListener('abort', () => ending.abort(signal.reason));
  if (signal.aborted) ending.abort(signal.reason);
  const enter = () => {
    const refused = Object.fromEntries(lanes.refused);
    return registry.enter(id, { offer, trials: [...running], refused, seen: Date.now() });
  };

  const looking = async () => {
    for (let look = 0; !ending.signal.aborted; look++) {
      try {
        await lanes.refresh();
        if (look % LOOKS_PER_ENTRY === 0) await enter();
      } catch (error) {
        if (!isDisconnection(error)) throw error;
      }
      if (running.size === 0 && isIdle()) return ending.abort();
      await delay(pollMs, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  const take = async ({ release, ...taken }: NextJob) => {
    const trial = sentTrial(taken.job.data);
    if (!trial) {
      // Given back, it would come to one worker after the other.
      const why = `job ${taken.job.id} is not a trial of this version`;
      context.onNotice(`Failed: ${why}.`);
      await taken.job.moveToFailed(new UnrecoverableError(why), taken.token).catch(() => undefined);
      return release();
    }
    running.add(trial.id);
    try {
      const why = await takeTrial({ ...taken, trial }, { ...context, signal: ending.signal });
      if (why !== undefined) lanes.refuse(taken.open.lane, why);
    } catch (error) {
      // Its lease ends, and it goes on elsewhere or here. A server that is of no use ends `looking`.
      context.onNotice(`Trial ${trial.id}: its end could not be reported to the queue: ${messageOf(error)}`);
    } finally {
      running.delete(trial.id);
      busyAt = performance.now();
      release();
    }
  };
  const taking = async () => {
    while (!ending.signal.aborted) {
      const taken = await lanes.nextJob(ending.signal);
      if (taken) await take(taken);
      else await delay(pollMs, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  const parts = [looking(), ...Array.from({ length: local.concurrency }, taking)];
  // Where one ends with an error the others end, too: a trial that runs saves its state first.
  const ends = parts.map((part) => part.finally(() => ending.abort()));
  const ended = await Promise.allSettled(ends);
  await registry.leave(id).catch(() => undefined);
  for (const end of ended) if (end.status === 'rejected') throw end.reason as Error;
}
