import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, type FilePlace, type TrialOutcome } from '@tersor/core';
import { copyFiles } from '@tersor/study';
import { Job, UnrecoverableError, type MinimalQueue } from 'bullmq';
import { newestAttempt } from '../coordinator/exchange.js';
import type { SentTrial, TrialEnd, TrialJob } from '../jobs.js';
import { isDisconnection, isFenced, steadily } from '../server/steadily.js';
import { unpackInputs } from '../store/unpack-inputs.js';
import type { OpenLane, WorkerContext } from './worker-context.js';
import { inWorkingFolder } from './working-folder.js';

/** A job that this worker holds, with its token. */
export interface TakenJob {
  readonly open: OpenLane;
  readonly job: Job<TrialJob, TrialEnd>;
  readonly token: string;
  readonly trial: SentTrial;
}

/** How many times a lease is renewed within its duration. */
const RENEWALS = 3;
/** How many times a worker checks, within a lease, for what a trial has saved. */
const LOOKS = 6;
/** How many times files are copied that change meanwhile. */
const COPIES = 3;
/** Marks the error of a trial that would run with other inputs than it should. */
const MISMATCH = '[INPUTS_MISMATCH]';

/**
 * Runs a job in a new folder of the store, from what the newest earlier attempt has saved. Reports the end
 * only while it holds the lease; files of a worker that has lost it are never read. Resolves to the reason
 * why trials of this queue cannot run here, or to undefined.
 */
export async function takeTrial(taken: TakenJob, context: WorkerContext): Promise<string | undefined> {
  const { open, job, token, trial } = taken;
  const { onNotice, cache, local } = context;
  const { files } = job.data;
  if (job.deferredFailure !== undefined) {
    await job.moveToFailed(new UnrecoverableError(job.deferredFailure), token).catch(() => undefined);
    return undefined;
  }
  const lease = keepLease(taken, context.signal);
  let attempt = '';
  let outcome: TrialOutcome;
  try {
    let directory: string;
    try {
      directory = await unpackInputs(open.store, files, cache);
    } catch (error) {
      return await giveBack(taken, lease, `its inputs cannot be had here: ${messageOf(error)}`);
    }
    try {
      attempt = await nextAttempt(taken);
      const place = open.store.attempt(job.id!, attempt);
      await beginWithSaved(taken, place, attempt);
      onNotice(`Trial ${trial.id} has begun (${attempt}).`);
      const everyMs = open.lane.leaseMs / LOOKS;
      outcome = await inWorkingFolder(place, { everyMs, isVoid: lease.isLost }, (folder) =>
        local.run({ ...trial, directory, place: folder }, lease.signal),
      );
    } catch (error) {
      outcome = { status: 'failed', error: `The trial could not be run: ${messageOf(error)}` };
    }
  } finally {
    await lease.end();
  }
  if (outcome.status === 'failed' && outcome.error.includes(MISMATCH))
    return giveBack(taken, lease, reasonIn(outcome.error));
  const isGivenBack = outcome.status === 'interrupted' && context.signal.aborted && !lease.isStopped();
  if (isGivenBack) {
    await giveBack(taken, lease);
    onNotice(`Trial ${trial.id} has saved its state and was returned to the queue.`);
    return undefined;
  }
  await finish(taken, { attempt, outcome }, { lease, onNotice });
  return undefined;
}

/** Reports how the trial ended; without the lease, the report is void. */
async function finish(
  { open, job, token, trial }: TakenJob,
  end: TrialEnd,
  { lease, onNotice }: { readonly lease: Lease; readonly onNotice: (text: string) => void },
): Promise<void> {
  const { id } = trial;
  try {
    if (lease.isLost()) throw Object.assign(new Error('The lease was lost.'), { code: -1 });
    await steadily(() => job.moveToCompleted(end, token, false));
    const { outcome } = end;
    const how = outcome.status === 'failed' ? `failed: ${outcome.error.split('\n')[0]}` : outcome.status;
    onNotice(`Trial ${id}: ${how}.`);
  } catch (error) {
    if (!isFenced(error)) throw error;
    onNotice(
      `Trial ${id}: the lease was lost, so the results of this attempt are not used; another worker continues the trial.`,
    );
    await open.store
      .attempt(job.id!, end.attempt)
      .remove('.')
      .catch(() => undefined);
  }
}

/** Puts a job that is still held back into the queue. Returns `why`. */
async function giveBack({ job, token }: TakenJob, lease: Lease, why?: string): Promise<string | undefined> {
  await lease.end();
  await steadily(() => job.moveToWait(token)).catch((error: unknown) => {
    if (!isFenced(error)) throw error;
  });
  return why;
}

/** Copies what the newest earlier attempt has saved into the place of a new one. */
async function beginWithSaved({ open, job }: TakenJob, place: FilePlace, attempt: string): Promise<void> {
  for (let look = 0; look < COPIES; look++) {
    const before = await newestAttempt(open.store, job.id!, attempt);
    // A worker that has lost its lease may still be writing.
    if (before === undefined || (await copyFiles(open.store.attempt(job.id!, before), place))) break;
  }
  await place.remove('summary.json');
}

/** Name of an unused folder: a number above the earlier ones, and a random part. */
async function nextAttempt({ open, job }: TakenJob): Promise<string> {
  const numbers = (await open.store.attempts(job.id!)).map((name) => Number(name.split('-')[0]));
  const number = String(Math.max(0, ...numbers) + 1).padStart(6, '0');
  return `${number}-${randomUUID().slice(0, 8)}`;
}

interface Lease {
  /** Aborted when the lease is lost, the study wants the trial to stop, or the worker ends. */
  readonly signal: AbortSignal;
  isLost(): boolean;
  /** Whether the study wants it to stop. */
  isStopped(): boolean;
  end(): Promise<void>;
}

/** Renews the lease of a job until it is ended, and checks whether the study wants the job to stop. */
function keepLease(taken: TakenJob, workerEnds: AbortSignal): Lease {
  const { open, job, token } = taken;
  const { leaseMs } = open.lane;
  const stop = new AbortController();
  const ended = new AbortController();
  const follow = () => stop.abort(workerEnds.reason);
  workerEnds.addEventListener('abort', follow);
  if (workerEnds.aborted) follow();
  let isLost = false;
  let isStopped = false;
  const renew = async () => {
    while (!ended.signal.aborted) {
      await delay(leaseMs / RENEWALS, undefined, { signal: ended.signal }).catch(() => undefined);
      if (ended.signal.aborted) return;
      try {
        isLost = Number(await within(leaseMs, job.extendLock(token, leaseMs))) !== 1;
        const wish = (await within(leaseMs, wishOf(taken)))?.stop;
        if (wish !== undefined && !isStopped) {
          isStopped = true;
          stop.abort(wish === 'timeout' ? new DOMException('The time is over.', 'TimeoutError') : undefined);
        }
      } catch (error) {
        // If the server is away, the lease holds for its duration; the renewal is tried again.
        if (isFenced(error)) isLost = true;
        else if (!isDisconnection(error)) isLost = true;
      }
      if (!isLost) continue;
      stop.abort(new DOMException('The lease is lost.', 'TimeoutError'));
      return;
    }
  };
  const renewing = renew();
  return {
    signal: stop.signal,
    isLost: () => isLost,
    isStopped: () => isStopped,
    end: async () => {
      ended.abort();
      workerEnds.removeEventListener('abort', follow);
      await renewing;
    },
  };
}

/** The answer, or undefined if it takes longer than `ms`. */
async function within<T>(ms: number, answer: Promise<T>): Promise<T | undefined> {
  const over = new AbortController();
  const late = delay(ms, undefined, { ref: false, signal: over.signal }).catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    over.abort();
  }
}

/** The current data of the job; undefined if it is gone. */
async function wishOf({ open, job }: TakenJob): Promise<TrialJob | undefined> {
  return (await Job.fromId<TrialJob>(open.taker as unknown as MinimalQueue, job.id!))?.data;
}

/** The first line of an error, without its code. */
function reasonIn(error: string): string {
  return error
    .split('\n')[0]!
    .replace(/^tersor: /, '')
    .replace(` ${MISMATCH}`, '')
    .replace(/\.$/, '');
}
