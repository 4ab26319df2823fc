import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { identifyCompression } from '@tersor/compression';
import type { Identify, PlannedTrial, StudyProgress, TrialRecord } from '@tersor/study';
import { again } from '../stopping/stop-on-interrupt.js';
import { onStopSignal } from '../stopping/stop-signals.js';
import { roughly, settingsText } from '../tables/study-preview.js';

/** Version of Tersor that runs. */
export function tersorVersion(): string {
  const path = join(__dirname, '../../package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** What starts `tersor` on this machine. */
export function thisProgram(): string[] {
  return [process.execPath, ...process.execArgv, process.argv[1]!];
}

/** A signal that Ctrl-C and its like abort, so that running trials save themselves; `restore` ends that. */
export function stopTrials(): { readonly signal: AbortSignal; restore(): void } {
  const stop = new AbortController();
  const restore = onStopSignal(
    (signal) => {
      stop.abort();
      process.stderr.write(
        `\nWaiting for the running trials to save themselves; ${again(signal)} to stop at once.\n`,
      );
    },
    // The trials are ended as this process exits; the system alone would let them go on.
    () => undefined,
  );
  return { signal: stop.signal, restore };
}

/** Identifies what trials come from as they themselves will. */
export function identifier(configPath: string): Identify {
  return (config) =>
    identifyCompression(config, { directory: dirname(configPath), searchFrom: [process.cwd(), __dirname] });
}

/** What is said of a trial that has ended. */
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

/** Reads an option as a whole number from `least`; throws what commander shows for a bad one. */
export function wholeNumber(least: number): (value: string) => number {
  return (value) => {
    const count = Number(value);
    if (value.trim() === '' || !Number.isInteger(count) || count < least)
      throw new InvalidArgumentError(`Expected a whole number from ${least}.`);
    return count;
  };
}

/** The override of a study by which `--runner` names its runner. */
export function runnerOverride(runner: string | undefined): string[] {
  return runner === undefined ? [] : [`runner.use=${JSON.stringify(runner)}`];
}
