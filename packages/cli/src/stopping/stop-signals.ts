import { isatty, WriteStream } from 'node:tty';

/**
 * Signals that ask a program to end, with their numbers: Ctrl-C, `kill` and container runtimes, a terminal
 * that is closed.
 */
const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
export type StopSignal = keyof typeof NUMBERS;
const NAMES = Object.keys(NUMBERS) as StopSignal[];

/**
 * Environment variable of a process that another one has started in its place, and to which it passes on what
 * it hears: the other's process id. What such a process starts itself inherits the variable, not the parent.
 */
export const STAND_IN = 'TERSOR_BACKEND_ENVIRONMENT';

/**
 * File number at which such a process is given the terminal, where file 2 is a pipe that is read for the
 * native library's log.
 */
const TERMINAL = 4;

/**
 * One Ctrl-C arrives twice where npm runs the program (the terminal's and npm's own), so does a signal of
 * `timeout`; people are slower.
 */
const ECHO_MS = 200;

let first: { readonly signal: StopSignal; readonly at: number } | undefined;
let reaction:
  | { readonly react: (signal: StopSignal) => void; readonly last: (() => void) | undefined }
  | undefined;
let isWatching = false;

/** What shells say of a process that a signal ended: 130 for Ctrl-C. */
export function exitCodeOf(signal: StopSignal): number {
  return 128 + NUMBERS[signal];
}

/** Exit code for work that was stopped: that of the signal that came first. */
export function stoppedExitCode(): number {
  return exitCodeOf(first?.signal ?? 'SIGINT');
}

/**
 * Listens for the signals, once per process. It ends on the first, unless `onStopSignal` has said otherwise.
 * Called before anything else is loaded: process 1 of a container would not even hear a signal that it does
 * not listen for.
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
  // The process that started it was killed, and nothing waits for its end any more.
  process.on('disconnect', () => process.exit(stoppedExitCode()));
  process.channel.unref();
}

/**
 * Sets what the first signal does instead of ending the process, and `last`, what is still done at the
 * second, before it does. Gives the function that puts things back.
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

/** `isPassedOn`: by the process in whose place this one runs. That one counts its signals itself. */
function hear(signal: StopSignal, _number?: number, isPassedOn = false): void {
  const now = performance.now();
  if (first) {
    if (isPassedOn || (signal === first.signal && now - first.at < ECHO_MS)) return;
    reaction?.last?.();
    process.exit(exitCodeOf(signal));
  }
  first = { signal, at: now };
  // The terminal is gone, and to write to it fails.
  if (signal === 'SIGHUP')
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  if (!reaction) process.exit(exitCodeOf(signal));
  reaction.react(signal);
  // A process that listens no more is ended by the system, however busy it is. Process 1 would be immune.
  if (!reaction.last && process.pid !== 1) setTimeout(stopWatching, ECHO_MS).unref();
}

function stopWatching(): void {
  NAMES.forEach((name) => process.off(name, hear));
  isWatching = false;
}
