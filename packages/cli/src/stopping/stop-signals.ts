import { isatty, WriteStream } from 'node:tty';

/**
 * Signals that ask a program to end, with their numbers: from a closed terminal, Ctrl-C, and `kill` or
 * container runtimes.
 */
const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
export type StopSignal = keyof typeof NUMBERS;
const NAMES = Object.keys(NUMBERS) as StopSignal[];

/**
 * Environment variable of a process that another one has started to replace itself, and to which that passes
 * on its signals. Its value is that other's process id, since further child processes inherit the variable.
 */
export const STAND_IN = 'TERSOR_BACKEND_ENVIRONMENT';

/**
 * File descriptor of the terminal in such a process, if descriptor 2 is a pipe for filtering the native
 * library's log.
 */
const TERMINAL = 4;

/**
 * Signals within this time of the first are ignored. Under npm, one Ctrl-C arrives twice (from the terminal
 * and from npm), and so does a signal of `timeout`; people are slower.
 */
const ECHO_MS = 200;

let first: { readonly signal: StopSignal; readonly at: number } | undefined;
let reaction:
  | { readonly react: (signal: StopSignal) => void; readonly last: (() => void) | undefined }
  | undefined;
let isWatching = false;

/** Exit code that shells use for a process ended by a signal: 130 for Ctrl-C. */
export function exitCodeOf(signal: StopSignal): number {
  return 128 + NUMBERS[signal];
}

/** Exit code for work that was stopped: that of the first signal. */
export function stoppedExitCode(): number {
  return exitCodeOf(first?.signal ?? 'SIGINT');
}

/**
 * Listens for the signals, once per process. The first one ends the process unless `onStopSignal` has set
 * another reaction. Must be called before anything else is loaded, because process 1 of a container does not
 * receive signals that it does not listen for.
 */
export function watchStopSignals(): void {
  if (isWatching) return;
  isWatching = true;
  NAMES.forEach((name) => process.on(name, hear));
  if (process.env[STAND_IN] !== String(process.ppid) || !process.channel) return;
  if (isatty(TERMINAL))
    Object.defineProperty(process, 'stderr', { value: new WriteStream(TERMINAL), configurable: true });
  process.on(
    'message',
    (signal) => NAMES.includes(signal as StopSignal) && hear(signal as StopSignal, undefined, true),
  );
  // The process that started this one was killed.
  process.on('disconnect', () => process.exit(stoppedExitCode()));
  process.channel.unref();
}

/**
 * Sets what the first signal does instead of ending the process, and with `last` what is done on the second
 * one before the process ends. Returns the function that restores the earlier reaction.
 */
export function onStopSignal(react: (signal: StopSignal) => void, last?: () => void): () => void {
  const wasWatching = isWatching;
  watchStopSignals();
  first = undefined;
  reaction = { react, last };
  return () => {
    reaction = undefined;
    if (!wasWatching) stopWatching();
  };
}

/**
 * Handles a signal. `isPassedOn` if the process that this one replaces passed it on, after counting signals.
 */
function hear(signal: StopSignal, _number?: number, isPassedOn = false): void {
  const now = performance.now();
  if (first) {
    if (isPassedOn || (signal === first.signal && now - first.at < ECHO_MS)) return;
    reaction?.last?.();
    process.exit(exitCodeOf(signal));
  }
  first = { signal, at: now };
  // The terminal is gone, so writing to it fails.
  if (signal === 'SIGHUP')
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  if (!reaction) process.exit(exitCodeOf(signal));
  reaction.react(signal);
  // Stop listening, so that the system ends even a busy process on the next signal. Process 1 would be
  // immune.
  if (!reaction.last && process.pid !== 1) setTimeout(stopWatching, ECHO_MS).unref();
}

function stopWatching(): void {
  NAMES.forEach((name) => process.off(name, hear));
  isWatching = false;
}
