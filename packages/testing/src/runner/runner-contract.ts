import { setTimeout as delay } from 'node:timers/promises';
import type { Trial, TrialOutcome, TrialRunner } from '@tersor/core';
import { ContractError, requireRule, requireSame } from '../contract-failure.js';
import type { Case } from '../contract.js';
import { withTrialProject, type IdentifyTrial, type TrialProject } from './trial-project.js';
import { watchedPlace, type WatchedPlace } from '../watched-place.js';

/**
 * Trials that are started at once to see that so many run; a runner over a hundred machines is not asked for
 * all.
 */
const MOST_AT_ONCE = 8;
/** Milliseconds after an answer in which nothing may be written any more. */
const AFTERWARDS_MS = 300;
/** Episodes of a search that does not end by itself while a contract looks at it. */
const ENDLESS = 1_000_000;

export interface RunnerClaims {
  /** Says what trials come from: `identifyCompression` of @tersor/compression. */
  readonly identify: IdentifyTrial;
  /** Milliseconds that a trial of one episode, or a stop, may take; 60,000 where it is left out. */
  readonly patienceMs?: number;
}

/**
 * The promises of a `TrialRunner`, checked with real trials: a network of two layers, one episode. `make`
 * gives a new one each time.
 *
 * @example const identify = (config, directory) => identifyCompression(config, { directory, searchFrom:
 * [__dirname] }); describeContract('my runner', runnerContract(() => createRunner(options), { identify }));
 */
export function runnerContract(
  make: () => TrialRunner | Promise<TrialRunner>,
  { identify, patienceMs = 60_000 }: RunnerClaims,
): Case[] {
  const rule = (
    name: string,
    check: (runner: TrialRunner, project: TrialProject) => Promise<void>,
  ): Case => ({
    name,
    run: () =>
      withTrialProject(identify, async (project) => {
        const runner = await make();
        try {
          await check(runner, project);
        } finally {
          await runner.dispose?.();
        }
      }),
  });
  const answer = (run: Promise<TrialOutcome>, when = '') => within(run, patienceMs, when);
  return [
    rule('says how many trials it runs at once', async ({ concurrency }) =>
      requireRule(Number.isInteger(concurrency) && concurrency >= 1, {
        member: 'concurrency',
        expected: 'a whole number from 1',
        found: String(concurrency),
      }),
    ),
    rule('answers done when the results of the trial lie in its place', async (runner, project) => {
      for (const seed of [1, 2]) {
        const trial = await project.trial(watchedPlace(), { seed });
        await requireDone(await answer(runner.run(trial, new AbortController().signal)), trial);
      }
    }),
    rule('answers once, and writes nothing after that', async (runner, project) => {
      const place = watchedPlace();
      await answer(runner.run(await project.trial(place), new AbortController().signal));
      const before = place.changes();
      await delay(AFTERWARDS_MS);
      requireRule(place.changes() === before, {
        member: 'run',
        expected: 'no file of the place to change once it has answered',
        found: `${place.changes() - before} changes`,
      });
    }),
    rule('answers failed, with the error, for a trial that cannot be done', async (runner, project) => {
      const trial = await project.trial(watchedPlace(), { model: 'no-such-network' });
      const outcome = await answer(runner.run(trial, new AbortController().signal));
      requireRule(outcome.status === 'failed' && outcome.error.includes('no-such-network'), {
        member: 'run',
        expected: 'failed, with an error that names the missing no-such-network/model.json',
        found: JSON.stringify(outcome),
      });
    }),
    rule('does not start a trial that was stopped before', async (runner, project) => {
      const place = watchedPlace();
      const outcome = await answer(runner.run(await project.trial(place), AbortSignal.abort()));
      requireInterrupted(outcome);
      requireRule(place.changes() === 0, {
        member: 'run',
        expected: 'nothing to be written',
        found: `${place.changes()} changes in the place`,
      });
    }),
    rule('answers interrupted soon after a stop', async (runner, project) => {
      const stop = new AbortController();
      const trial = await project.trial(watchedPlace(), { episodes: ENDLESS });
      const run = runner.run(trial, stop.signal);
      await delay(AFTERWARDS_MS);
      stop.abort();
      requireInterrupted(await answer(run, ' after the stop'));
    }),
    rule('runs a trial that was interrupted again', async (runner, project) => {
      const trial = await project.trial(watchedPlace());
      const stop = new AbortController();
      const run = runner.run(trial, stop.signal);
      stop.abort();
      await answer(run, ' after the stop');
      await requireDone(await answer(runner.run(trial, new AbortController().signal)), trial);
    }),
    rule('runs as many trials at once as it says, and no more', async (runner, project) => {
      const { signal } = new AbortController();
      const most = Math.min(runner.concurrency, MOST_AT_ONCE);
      let open!: () => void;
      const opened = new Promise<void>((resolve) => (open = resolve));
      const places = Array.from({ length: most + 1 }, () => watchedPlace(opened));
      const trials = await Promise.all(places.map((place, i) => project.trial(place, { seed: i + 1 })));
      const runs = trials.map((trial) => runner.run(trial, signal));
      try {
        await requireAtOnce(places, runner.concurrency, patienceMs);
      } finally {
        open();
        await Promise.allSettled(runs.map((run) => answer(run)));
      }
      for (const [i, run] of runs.entries()) await requireDone(await run, trials[i]!);
    }),
  ];
}

/** No trial can end while its place is not open: as many places are touched as trials have begun. */
async function requireAtOnce(
  places: readonly WatchedPlace[],
  concurrency: number,
  patienceMs: number,
): Promise<void> {
  const begun = () => places.filter((place) => place.isTouched()).length;
  const least = places.length - 1;
  const started = performance.now();
  while (begun() < least && performance.now() - started < patienceMs) await delay(10);
  requireRule(begun() >= least, {
    member: 'concurrency',
    expected: `${least} trials at once`,
    found: `${begun()} after ${patienceMs} ms`,
  });
  // Another trial, were it run beside these, would have come as far in as much time.
  await delay(Math.max(AFTERWARDS_MS, performance.now() - started));
  requireRule(begun() <= concurrency, {
    member: 'concurrency',
    expected: `no more than ${concurrency} at once`,
    found: String(begun()),
  });
}

async function requireDone(outcome: TrialOutcome, { config, place }: Trial): Promise<void> {
  requireSame(outcome, { status: 'done' }, 'run');
  const summary = await place.get('summary.json');
  requireRule(summary !== undefined, {
    member: 'run',
    expected: 'summary.json among the results of a trial that is done',
    found: (await place.list()).join(', ') || 'no files',
  });
  const found = JSON.parse(Buffer.from(summary).toString('utf8')) as { readonly config?: unknown };
  requireSame(
    found.config,
    JSON.parse(JSON.stringify(config)),
    'run',
    'results of the config that was given',
  );
}

function requireInterrupted(outcome: TrialOutcome): void {
  requireSame(outcome, { status: 'interrupted' }, 'run');
}

/** The answer of a run. Throws a `ContractError` where there is none in time, or a rejection. */
async function within(run: Promise<TrialOutcome>, patienceMs: number, when: string): Promise<TrialOutcome> {
  const giveUp = new AbortController();
  const late = delay(patienceMs, undefined, { signal: giveUp.signal }).catch(() => undefined);
  const rejected = (error: unknown): never => {
    throw new ContractError({ member: 'run', expected: 'an answer', found: `a rejection: ${String(error)}` });
  };
  try {
    const outcome = await Promise.race([run.catch(rejected), late]);
    requireRule(outcome !== undefined, {
      member: 'run',
      expected: 'an answer',
      found: `none within ${patienceMs} ms${when}`,
    });
    return outcome;
  } finally {
    giveUp.abort();
  }
}
