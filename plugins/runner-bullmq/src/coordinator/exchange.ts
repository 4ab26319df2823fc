import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Trial, TrialEvents, TrialOutcome } from '@tersor/core';
import { copyFiles, readJson, replaceFiles } from '@tersor/study';
import type { SentTrial, TrialJob } from '../jobs.js';
import { isFenced, steadily } from '../server/steadily.js';
import type { TrialStore } from '../store/trial-store.js';
import type { JobEnd } from './job-waiters.js';
import type { LaneQueue } from './lane-queue.js';

/** How a study hands out one trial. */
export interface Handing {
  readonly lane: LaneQueue;
  readonly store: TrialStore;
  /** Hash of the list of files that the trial reads. */
  readonly files: string;
  /** Name of the job: the same for every study that wants the same trial in the same place. */
  readonly job: string;
  readonly pollMs: number;
  readonly signal: AbortSignal;
  readonly events: TrialEvents;
}

const STOP_POLL_MS = 200;
const STOP_PATIENCE_MS = 5000;

/**
 * Puts a trial into the queue unless it is there already, waits until it has ended, and copies the files of
 * the attempt that the queue names to the trial's place. If the queue lost the job, it is added again.
 */
export async function handOut(trial: Trial, handing: Handing): Promise<TrialOutcome> {
  const { lane, signal, job } = handing;
  for (;;) {
    const isNew = !(await steadily(() => lane.queue.getJob(job), signal));
    // Another study with the same place lays the results there before it removes the job.
    if (isNew && (await hasResults(trial))) return { status: 'done' };
    if (isNew) await enqueue(trial, handing);
    const ended = await wait(handing);
    if (ended === 'gone') continue;
    if (ended === 'away') return { status: 'interrupted' };
    if (ended === 'stopped') return takeBack(trial, handing);
    if ('lost' in ended) {
      const error = `The workers that ran it were lost again and again, or could not say how it ended: ${ended.lost}`;
      await takeBack(trial, handing);
      return { status: 'failed', error };
    }
    const { attempt, outcome } = ended.end;
    const isWhole = await replaceFiles(handing.store.attempt(job, attempt), trial.place);
    if (!isWhole && outcome.status === 'done') {
      // Another study with the same place was faster, or the store lost the files.
      await removeJob(handing);
      if (await hasResults(trial)) return outcome;
      return { status: 'failed', error: `The results of ${attempt} are not in ${handing.store.address}.` };
    }
    await removeJob(handing);
    await handing.store.forget(job);
    // Another study stopped it; this one still wants it.
    if (outcome.status !== 'interrupted' || signal.aborted) return outcome;
  }
}

/** Copies what the trial starts from into the store, and adds the job; an existing job is kept. */
async function enqueue({ id, config, inputs, place }: Trial, handing: Handing): Promise<void> {
  const { lane, store, files, job, signal } = handing;
  // Sorted before every real attempt.
  const start = `000000-${randomUUID().slice(0, 8)}`;
  if ((await store.attempts(job)).length === 0) await copyFiles(place, store.attempt(job, start));
  const trial: SentTrial = { id, config, inputs };
  const data: TrialJob = { trial: JSON.stringify(trial), files };
  await steadily(() => lane.queue.add('trial', data, { jobId: job }), signal);
}

/** Waits for the job's end; stops the job when the signal is aborted. */
async function wait(handing: Handing): Promise<JobEnd | 'stopped' | 'away'> {
  const { lane, job, signal, events } = handing;
  const ended = lane.ended(job, events);
  const asked = new Promise<'asked'>((resolve) => {
    if (signal.aborted) resolve('asked');
    signal.addEventListener('abort', () => resolve('asked'), { once: true });
  });
  const first = await Promise.race([ended, asked]);
  if (first !== 'asked') return first;
  const reason = (signal.reason as Error | undefined)?.name === 'TimeoutError' ? 'timeout' : 'asked';
  for (;;) {
    const later = delay(STOP_POLL_MS).then(() => 'later' as const);
    const answer = await stopJob(handing, reason);
    if (answer !== 'held') return answer;
    const end = await Promise.race([ended, later]);
    if (end !== 'later') return end;
  }
}

/**
 * Removes a job that no worker holds from the queue; otherwise tells its worker to stop. `away`: the server
 * does not answer, so the worker's results are found next time.
 */
async function stopJob(
  { lane, job }: Handing,
  stop: 'asked' | 'timeout',
): Promise<'stopped' | 'held' | 'away'> {
  try {
    const found = await inTime(lane.queue.getJob(job));
    if (!found) return 'stopped';
    if (found.finishedOn) return 'held';
    if ((await inTime(lane.queue.remove(job))) === 1) return 'stopped';
    if (found.data.stop === undefined) await found.updateData({ ...found.data, stop });
  } catch (error) {
    if (!isFenced(error)) return 'away';
  }
  return 'held';
}

/** Rejects if the server takes too long to answer. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  const late = delay(STOP_PATIENCE_MS, undefined, { ref: false }).then(() => {
    throw new Error('The server does not answer.');
  });
  return Promise.race([answer, late]);
}

/** Copies what the newest attempt has saved to the trial's place. */
async function takeBack(trial: Trial, { store, job, lane }: Handing): Promise<TrialOutcome> {
  await lane.queue.remove(job).catch(() => 0);
  const newest = await newestAttempt(store, job);
  if (newest !== undefined) await replaceFiles(store.attempt(job, newest), trial.place);
  await store.forget(job);
  return { status: 'interrupted' };
}

/** The newest attempt that has saved something, or else the newest. One may be left out. */
export async function newestAttempt(
  store: TrialStore,
  job: string,
  leftOut?: string,
): Promise<string | undefined> {
  const newestFirst = (await store.attempts(job)).filter((name) => name !== leftOut).reverse();
  for (const attempt of newestFirst)
    if ((await store.attempt(job, attempt).list('checkpoint')).length > 0) return attempt;
  return newestFirst[0];
}

async function removeJob({ lane, job }: Handing): Promise<void> {
  await lane.queue.remove(job).catch(() => 0);
}

/** Whether the place has the results of the trial. */
async function hasResults({ config, place }: Trial): Promise<boolean> {
  const summary = await readJson<{ readonly config?: unknown }>(place, 'summary.json');
  return isDeepStrictEqual(summary?.config, JSON.parse(JSON.stringify(config)));
}
