import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { identifyCompression } from '@tersor/compression';
import type { Identify, PlannedTrial, StudyProgress, TrialRecord } from '@tersor/study';
import { again } from '../stopping/stop-on-interrupt.js';
import { onStopSignal } from '../stopping/stop-signals.js';
import { roughly, settingsText } from '../tables/study-preview.js';

/** Version of the running Tersor. */
export function tersorVersion(): string {
  const path = join(__dirname, '../../package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** The command that starts `tersor` on this machine. */
export function thisProgram(): string[] {
  return [process.execPath, ...process.execArgv, process.argv[1]!];
}

/** An abort signal for Ctrl-C and the like, on which running trials save their state; `restore` ends that. */
export function stopTrials(): { readonly signal: AbortSignal; restore(): void } {
  const stop = new AbortController();
  const restore = onStopSignal(
    (signal) => {
      stop.abort();
      process.stderr.write(
        `\nWaiting for the running trials to save their state; ${again(signal)} to stop at once.\n`,
      );
    },
    // With a reaction to the second signal this process exits itself, which ends the trials; if the system
    // ended it, they would continue.
    () => undefined,
  );
  return { signal: stop.signal, restore };
}

/** Identifies the inputs of trials in the same way as the trials themselves do. */
export function identifier(configPath: string): Identify {
  return (config) =>
    identifyCompression(config, { directory: dirname(configPath), searchFrom: [process.cwd(), __dirname] });
}

/** The line that is printed for a trial that has ended. */
export function progressLine(
  { id, seed, settings }: PlannedTrial,
  record: TrialRecord,
  { done, total, reused, secondsLeft }: StudyProgress,
): string {
  const left = secondsLeft === undefined || done === total ? '' : `; about ${roughly(secondsLeft)} left`;
  return `[${done}/${total}] ${id}, seed ${seed}, ${settingsText(settings)}: ${reused ? 'done before' : ending(record)}${left}`;
}

function ending(record: TrialRecord): string {
  if (record.status === 'failed') return `failed: ${record.error.split('\n')[0]}`;
  return `${record.status} in ${record.seconds.toFixed(0)} s`;
}

/** A parser for an integer option of at least `least`; throws the error that commander shows. */
export function wholeNumber(least: number): (value: string) => number {
  return (value) => {
    const count = Number(value);
    if (value.trim() === '' || !Number.isInteger(count) || count < least)
      throw new InvalidArgumentError(`Expected a whole number from ${least}.`);
    return count;
  };
}

/** The study override for the option `--runner`. */
export function runnerOverride(runner: string | undefined): string[] {
  return runner === undefined ? [] : [`runner.use=${JSON.stringify(runner)}`];
}
