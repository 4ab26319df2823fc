import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { modelParts, type Trial, type TrialOutcome, type TrialRunner } from '@tersor/core';

/** Milliseconds that an episode of the fake takes. */
const EPISODE_MS = 5;

/** The simplest right runner: it takes its time, and writes a summary that says what it was asked for. */
export function correctRunner(concurrency = 2): TrialRunner {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    id: 'fake',
    concurrency,
    run: async (trial, signal) => {
      if (running >= concurrency) await new Promise<void>((resolve) => waiting.push(resolve));
      running++;
      try {
        return await pretend(trial, signal);
      } finally {
        running--;
        waiting.shift()?.();
      }
    },
  };
}

async function pretend({ config, directory, place }: Trial, signal: AbortSignal): Promise<TrialOutcome> {
  const { path } = modelParts(config.model);
  if (!existsSync(join(directory, path))) return { status: 'failed', error: `There is no model at ${path}.` };
  const episodes = Number(config.prune?.search.episodes);
  await delay(episodes * EPISODE_MS, undefined, { signal, ref: false }).catch(() => undefined);
  if (signal.aborted) return { status: 'interrupted' };
  await place.put('summary.json', Buffer.from(JSON.stringify({ config })));
  return { status: 'done' };
}

/**
 * Runners that break one promise each: by the name of the case that must catch them, then by what they do.
 */
export function brokenRunners(): Record<string, Record<string, () => TrialRunner>> {
  type Run = TrialRunner['run'];
  const broken = (change: (good: Run) => Run) => () => {
    const good = correctRunner();
    return { ...good, run: change(good.run) };
  };
  return {
    'says how many trials it runs at once': {
      'says none': () => ({ ...correctRunner(), concurrency: 0 }),
    },
    'answers done when the results of the trial lie in its place': {
      'loses the results': broken((run) => async (trial, signal) => {
        const outcome = await run(trial, signal);
        await trial.place.remove('summary.json');
        return outcome;
      }),
      'runs another config': broken(
        (run) => (trial, signal) => run({ ...trial, config: { ...trial.config, seed: 1 } }, signal),
      ),
    },
    'answers once, and writes nothing after that': {
      'answers twice': broken((run) => async (trial, signal) => {
        const outcome = await run(trial, signal);
        setTimeout(() => void run(trial, signal), EPISODE_MS);
        return outcome;
      }),
    },
    'answers failed, with the error, for a trial that cannot be done': {
      'swallows errors': broken((run) => async (trial, signal) => {
        const outcome = await run(trial, signal);
        return outcome.status === 'failed' ? { status: 'failed', error: 'it failed' } : outcome;
      }),
      'calls it done': broken((run) => async (trial, signal) => {
        await run(trial, signal);
        return { status: 'done' };
      }),
      rejects: broken((run) => async (trial, signal) => {
        const outcome = await run(trial, signal);
        if (outcome.status === 'failed') throw new Error(outcome.error);
        return outcome;
      }),
    },
    'does not start a trial that was stopped before': {
      'begins it': broken((run) => async (trial, signal) => {
        if (signal.aborted) await run(trial, new AbortController().signal);
        return run(trial, signal);
      }),
    },
    'answers interrupted soon after a stop': {
      'ignores a stop': broken((run) => (trial) => run(trial, new AbortController().signal)),
      'calls it failed': broken((run) => async (trial, signal) => {
        const outcome = await run(trial, signal);
        return outcome.status === 'interrupted' ? { status: 'failed', error: 'aborted' } : outcome;
      }),
    },
    'runs a trial that was interrupted again': {
      'does not take it again': () => {
        const good = correctRunner();
        const known = new Set<string>();
        return {
          ...good,
          run: async (trial, signal) => {
            if (known.has(trial.id)) return { status: 'interrupted' };
            known.add(trial.id);
            return good.run(trial, signal);
          },
        };
      },
    },
    'runs as many trials at once as it says, and no more': {
      'runs more at once': () => ({ ...correctRunner(5), concurrency: 2 }),
      'runs fewer at once': () => ({ ...correctRunner(1), concurrency: 2 }),
    },
  };
}
