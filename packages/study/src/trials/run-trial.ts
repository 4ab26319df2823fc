import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lockOutput, type RunIdentity, type Summary } from '@tersor/compression';
import { isTersorError } from '@tersor/core';
import { contentChanges } from '../plan/study-content.js';
import { overridesOf, trialId, type PlannedTrial } from '../plan/study-plan.js';
import { readJson, trialFolder, writeTrial, type TrialRecord } from '../results/study-store.js';
import type { Study } from '../plan/study-schema.js';
import type { TrialOutcome, TrialRunner } from './trial-runner.js';

/** What a study's trials share. */
export interface TrialContext {
  readonly study: Pick<Study, 'keep' | 'timeoutSeconds' | 'retries'>;
  readonly configPath: string;
  /** Folder of the study. */
  readonly output: string;
  readonly runner: TrialRunner;
  readonly signal: AbortSignal;
  onNotice(text: string): void;
}

const LOOK_AGAIN_MS = 500;
/** Networks, the trial's own report, and what only an unfinished trial needs. */
const BULKY = ['model', 'model.tersor', 'pruned', 'report.html', 'checkpoint'];

/**
 * Runs a trial until it is done, has failed as often as the study allows, or is interrupted, and writes
 * `trial.json`. A process that a killed study left may still be at it: it is waited for, and results that it
 * has finished are taken. `identity` is what the results must come from.
 */
export async function runTrial(
  trial: PlannedTrial,
  context: TrialContext,
  identity: RunIdentity | undefined,
): Promise<TrialRecord> {
  const started = performance.now();
  const { id } = trial;
  const { output, study, signal } = context;
  const finish = async (
    outcome: TrialOutcome,
    attempts: number,
    seconds = (performance.now() - started) / 1000,
  ): Promise<TrialRecord> => {
    const record = { id, ...outcome, seconds, ...(attempts > 1 && { attempts }) };
    await writeTrial(output, record);
    if (record.status === 'done' && study.keep === 'summaries') await removeBulk(trialFolder(output, id));
    return record;
  };
  await waitUntilFree(trial, context);
  if (signal.aborted) return { id, status: 'interrupted', seconds: 0 };
  const left = await resultsOf(trial, output);
  if (left && problemOf(left, identity) === undefined) return finish({ status: 'done' }, 0, left.seconds);
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptTrial(trial, context);
    const problem =
      outcome.status === 'done' ? problemOf(await resultsOf(trial, output), identity) : undefined;
    if (problem !== undefined) return finish({ status: 'failed', error: problem }, attempt);
    const isFinal = outcome.status !== 'failed' || outcome.isTimeOut || attempt > study.retries;
    if (isFinal) return finish(withoutMark(outcome), attempt);
    context.onNotice(
      `Trial ${id} failed, and is run again (${attempt} of ${study.retries}): ${outcome.error.split('\n')[0]}`,
    );
  }
}

/** Puts the checkpoint of a trial that is not done aside: it belongs to other content than is there now. */
export async function setCheckpointAside(output: string, id: string): Promise<void> {
  const folder = trialFolder(output, id);
  await rm(join(folder, 'checkpoint-of-other-content'), { recursive: true, force: true });
  await rename(join(folder, 'checkpoint'), join(folder, 'checkpoint-of-other-content')).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    },
  );
}

type Attempt = TrialOutcome & { readonly isTimeOut?: boolean };

/** One attempt; stops it by a signal of its own when its time is over. */
async function attemptTrial(
  { id, settings }: PlannedTrial,
  { study, configPath, output, runner, signal }: TrialContext,
): Promise<Attempt> {
  const { timeoutSeconds } = study;
  const stop = new AbortController();
  const follow = () => stop.abort(signal.reason);
  signal.addEventListener('abort', follow);
  if (signal.aborted) follow();
  const message = `It took longer than the study's timeoutSeconds (${timeoutSeconds}) and was stopped; --resume goes on with it.`;
  const timer =
    timeoutSeconds === undefined
      ? undefined
      : setTimeout(() => stop.abort(new DOMException(message, 'TimeoutError')), timeoutSeconds * 1000);
  try {
    const outcome = await runner.run(
      { id, configPath, overrides: overridesOf(settings), folder: trialFolder(output, id) },
      stop.signal,
    );
    const isTimeOut = stop.signal.aborted && !signal.aborted && outcome.status !== 'done';
    return isTimeOut ? { status: 'failed', error: message, isTimeOut } : outcome;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', follow);
  }
}

function withoutMark({ isTimeOut: _mark, ...outcome }: Attempt): TrialOutcome {
  return outcome;
}

/** The summary in a trial's folder; undefined where there is none, or none of these settings. */
async function resultsOf({ id }: PlannedTrial, output: string): Promise<Summary | undefined> {
  const summary = await readJson<Summary>(join(trialFolder(output, id), 'summary.json'));
  return summary?.config && trialId(summary.config) === id ? summary : undefined;
}

function problemOf(summary: Summary | undefined, identity: RunIdentity | undefined): string | undefined {
  if (!summary)
    return 'The results are not those of these settings: was the base config changed while the study ran?';
  const changes = identity && summary.identity ? contentChanges(identity, summary.identity) : [];
  return changes.length > 0
    ? `The results come from something else than the study began with: ${changes.join('; ')}.`
    : undefined;
}

async function waitUntilFree(
  { id }: PlannedTrial,
  { output, signal, onNotice }: TrialContext,
): Promise<void> {
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    try {
      const release = await lockOutput(trialFolder(output, id));
      return await release();
    } catch (error) {
      if (!isTersorError(error) || error.code !== 'OUTPUT_LOCKED') throw error;
      if (isFirst)
        onNotice(`Trial ${id} is waited for, which a study before has left running: ${error.message}`);
      await delay(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Deletes what of a trial the figures, its policy and its episodes do without. */
export async function removeBulk(folder: string): Promise<void> {
  for (const name of BULKY) await rm(join(folder, name), { recursive: true, force: true });
}
