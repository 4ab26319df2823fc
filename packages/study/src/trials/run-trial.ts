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
import { readJson, writeTrial, type TrialRecord } from '../results/study-store.js';

/** What a study's trials share. */
export interface TrialContext {
  readonly study: Pick<Study, 'keep' | 'timeoutSeconds' | 'retries'>;
  /** Folder that relative paths of the trials' configs count from. */
  readonly directory: string;
  readonly store: ResultStore;
  readonly runner: TrialRunner;
  readonly signal: AbortSignal;
  onNotice(text: string): void;
}

const LOCK_POLL_MS = 500;
/** What a timer can wait: 24 days. */
const LONGEST_MS = 2 ** 31 - 1;
/** Networks, the trial's own report, and what only an unfinished trial needs. */
const BULKY = ['model', 'model.tersor', 'pruned', 'report.html', 'checkpoint'];

/**
 * Runs a trial until it is done, has failed as often as the study allows, or is interrupted, and writes
 * `trial.json`. A process that a killed study left may still be at it: it is waited for, and results that it
 * has finished are taken. `inputs` is what the results must come from.
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
  await waitUntilFree(trial, context);
  if (signal.aborted) return { id, status: 'interrupted', seconds: 0 };
  const left = await resultsOf(trial, place);
  if (left && problemOf(left, inputs) === undefined) return finish({ status: 'done' }, 0, left.seconds);
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptTrial(trial, { ...context, onBegin }, inputs);
    const problem = outcome.status === 'done' ? problemOf(await resultsOf(trial, place), inputs) : undefined;
    if (problem !== undefined) return finish({ status: 'failed', error: problem }, attempt);
    const isFinal = outcome.status !== 'failed' || outcome.isTimeOut || attempt > study.retries;
    if (isFinal) return finish(withoutMark(outcome), attempt);
    context.onNotice(
      `Trial ${id} failed, and is run again (${attempt} of ${study.retries}): ${outcome.error.split('\n')[0]}`,
    );
  }
}

/** Puts the checkpoint of a trial that is not done aside: it belongs to other content than is there now. */
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
 * One attempt; stops it by a signal of its own when its time is over, which counts from when it runs: in a
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
  const message = `It took longer than the study's timeoutSeconds (${timeoutSeconds}) and was stopped; --resume goes on with it.`;
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
    // A runner that rejects breaks its contract; the other trials go on all the same.
    return { status: 'failed', error: messageOf(error) || 'The runner rejected, and did not say why.' };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', follow);
  }
}

function withoutMark({ isTimeOut: _mark, ...outcome }: Attempt): TrialOutcome {
  return outcome;
}

/** The summary in a trial's place; undefined where there is none, or none of these settings. */
async function resultsOf({ id }: PlannedTrial, place: FilePlace): Promise<Summary | undefined> {
  const summary = await readJson<Summary>(place, 'summary.json');
  return summary?.config && trialId(summary.config) === id ? summary : undefined;
}

function problemOf(summary: Summary | undefined, inputs: RunIdentity): string | undefined {
  if (!summary)
    return 'The results are not there, or not those of these settings: the runner lost them, or ran another config.';
  const changes = summary.identity ? contentChanges(inputs, summary.identity) : [];
  return changes.length > 0
    ? `The results come from something else than the study began with: ${changes.join('; ')}.`
    : undefined;
}

async function waitUntilFree({ id }: PlannedTrial, { store, signal, onNotice }: TrialContext): Promise<void> {
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    try {
      const release = await store.lock(id);
      return await release();
    } catch (error) {
      if (!isTersorError(error) || error.code !== 'OUTPUT_LOCKED') throw error;
      if (isFirst)
        onNotice(`Trial ${id} is waited for, which a study before has left running: ${error.message}`);
      await delay(LOCK_POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Deletes what of a trial the figures, its policy and its episodes do without. */
export async function removeBulk(place: FilePlace): Promise<void> {
  for (const name of BULKY) await place.remove(name);
}
