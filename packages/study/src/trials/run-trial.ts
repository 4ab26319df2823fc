import { setTimeout as delay } from 'node:timers/promises';
import { contentChanges, type Summary } from '@tersor/compression';
import {
  isTersorError,
  messageOf,
  type FilePlace,
  type RunIdentity,
  type TrialOutcome,
  type TrialRunner,
} from '@tersor/core';
import { trialId, type PlannedTrial } from '../plan/study-plan.js';
import type { Study } from '../plan/study-schema.js';
import type { ResultStore } from '../results/result-store.js';
import { readJson, writeTrial } from '../results/study-store.js';
import type { TrialRecord } from '../results/study-records.js';

/** What all trials of a study share. */
export interface TrialContext {
  readonly study: Pick<Study, 'keep' | 'timeoutSeconds' | 'retries'>;
  /** Folder that relative paths in the trials' configs start from. */
  readonly directory: string;
  readonly store: ResultStore;
  readonly runner: TrialRunner;
  readonly signal: AbortSignal;
  onNotice(text: string): void;
}

const LOCK_POLL_MS = 500;
/** Marks the error of a trial that another process is running. */
const LOCKED = '[OUTPUT_LOCKED]';
/** Longest delay of a timer: 24 days. */
const LONGEST_MS = 2 ** 31 - 1;
/** Networks, the trial's own report, and the checkpoint, which only an unfinished trial needs. */
const BULKY = ['model', 'model.tersor', 'pruned', 'report.html', 'checkpoint'];

/**
 * Runs a trial until it is done, has failed as often as the study allows, or is interrupted, and writes
 * `trial.json`. A process left over from a killed study may still be running the trial: then this waits for
 * it and uses its results. `inputs` is what the results must come from.
 */
export async function runTrial(
  trial: PlannedTrial,
  context: TrialContext,
  inputs: RunIdentity,
): Promise<TrialRecord> {
  let started = performance.now();
  const onBegin = () => void (started = performance.now());
  const { id } = trial;
  const { store, study, signal } = context;
  const place = store.trial(id);
  const finish = async (
    outcome: TrialOutcome,
    attempts: number,
    seconds = (performance.now() - started) / 1000,
  ): Promise<TrialRecord> => {
    const record = { id, ...outcome, seconds, ...(attempts > 1 && { attempts }) };
    await writeTrial(store, record);
    if (record.status === 'done' && study.keep === 'summaries') await removeBulk(place);
    return record;
  };
  // How the trial ended in another process, if one was running it.
  const elsewhere = async (): Promise<TrialRecord | undefined> => {
    await waitUntilFree(trial, context);
    if (signal.aborted) return { id, status: 'interrupted', seconds: 0 };
    const left = await resultsOf(trial, place);
    const isWhole = left && problemOf(left, inputs) === undefined;
    return isWhole ? finish({ status: 'done' }, 0, left.seconds) : undefined;
  };
  const before = await elsewhere();
  if (before) return before;
  for (let attempt = 1; ; attempt++) {
    let outcome = await attemptTrial(trial, { ...context, onBegin }, inputs);
    while (isLocked(outcome)) {
      const found = await elsewhere();
      if (found) return found;
      outcome = await attemptTrial(trial, { ...context, onBegin }, inputs);
    }
    const problem = outcome.status === 'done' ? problemOf(await resultsOf(trial, place), inputs) : undefined;
    if (problem !== undefined) return finish({ status: 'failed', error: problem }, attempt);
    if (outcome.status !== 'failed' || outcome.isTimeOut || attempt > study.retries)
      return finish(withoutMark(outcome), attempt);
    context.onNotice(
      `Trial ${id} failed and is run again (retry ${attempt} of ${study.retries}): ${outcome.error.split('\n')[0]}`,
    );
  }
}

/** Sets aside the checkpoint of an unfinished trial, because its inputs have changed. */
export async function setCheckpointAside(place: FilePlace): Promise<void> {
  const [from, to] = ['checkpoint', 'checkpoint-of-other-content'];
  const names = await place.list(from);
  if (names.length === 0) return;
  await place.remove(to);
  for (const name of names) await place.put(name.replace(from, to), (await place.get(name))!);
  await place.remove(from);
}

type Attempt = TrialOutcome & { readonly isTimeOut?: boolean };

/**
 * Makes one attempt and stops it when its time is up. Time counts from when the trial begins to run: in a
 * queue it may wait for days.
 */
async function attemptTrial(
  { id, config }: PlannedTrial,
  { study, directory, store, runner, signal, onNotice, onBegin }: TrialContext & { onBegin(): void },
  inputs: RunIdentity,
): Promise<Attempt> {
  const { timeoutSeconds } = study;
  const stop = new AbortController();
  const follow = () => stop.abort(signal.reason);
  signal.addEventListener('abort', follow);
  if (signal.aborted) follow();
  const message = `It took longer than the study's timeoutSeconds (${timeoutSeconds}) and was stopped; --resume continues it.`;
  let timer: NodeJS.Timeout | undefined;
  const beginTime = () => {
    clearTimeout(timer);
    if (timeoutSeconds === undefined) return;
    timer = setTimeout(
      () => stop.abort(new DOMException(message, 'TimeoutError')),
      Math.min(timeoutSeconds * 1000, LONGEST_MS),
    );
  };
  if (!runner.work) beginTime();
  try {
    const outcome = await runner.run({ id, config, inputs, directory, place: store.trial(id) }, stop.signal, {
      onBegin: () => (onBegin(), beginTime()),
      onNotice,
    });
    const isTimeOut = stop.signal.aborted && !signal.aborted && outcome.status !== 'done';
    return isTimeOut ? { status: 'failed', error: message, isTimeOut } : outcome;
  } catch (error) {
    // A runner that rejects breaks its contract; the other trials continue all the same.
    return { status: 'failed', error: messageOf(error) || 'The runner failed without a message.' };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', follow);
  }
}

/** Whether another process has begun the trial in the moment before this attempt. */
function isLocked(outcome: TrialOutcome): boolean {
  return outcome.status === 'failed' && outcome.error.includes(LOCKED);
}

function withoutMark({ isTimeOut: _mark, ...outcome }: Attempt): TrialOutcome {
  return outcome;
}

/** The summary in a trial's place; undefined if there is none, or if it is of another config. */
async function resultsOf({ id }: PlannedTrial, place: FilePlace): Promise<Summary | undefined> {
  const summary = await readJson<Summary>(place, 'summary.json');
  return summary?.config && trialId(summary.config) === id ? summary : undefined;
}

function problemOf(summary: Summary | undefined, inputs: RunIdentity): string | undefined {
  if (!summary)
    return "The results are missing or are not those of the trial's config: the runner lost them, or ran another config.";
  const changes = summary.identity ? contentChanges(inputs, summary.identity) : [];
  return changes.length > 0
    ? `The results come from other inputs than the study started with: ${changes.join('; ')}.`
    : undefined;
}

async function waitUntilFree({ id }: PlannedTrial, { store, signal, onNotice }: TrialContext): Promise<void> {
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    try {
      const release = await store.lock(id);
      return await release();
    } catch (error) {
      if (!isTersorError(error) || error.code !== 'OUTPUT_LOCKED') throw error;
      if (isFirst) onNotice(`Waiting for trial ${id}, which another process is running: ${error.message}`);
      await delay(LOCK_POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Deletes the large files of a trial, and keeps its figures, policy and episodes. */
export async function removeBulk(place: FilePlace): Promise<void> {
  for (const name of BULKY) await place.remove(name);
}
