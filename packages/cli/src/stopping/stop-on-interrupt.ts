import { TersorError } from '@tersor/core';
import { onStopSignal, type StopSignal } from './stop-signals.js';

/** Tells work to stop, and lets it report that it has begun. */
export interface Stopping {
  /** Whether the work should save its state and end. */
  readonly isAsked: () => boolean;
  /** Reports that there is something to save from now on; a signal before that ends the work at once. */
  readonly begin: () => void;
}

/** The display of running work. */
export interface Display {
  /** Removes a progress bar from the screen. */
  clear?(): void;
  /** What must finish before the work is saved, and about how long that takes. */
  waitingFor?(): string | undefined;
}

/**
 * Does work that Ctrl-C, SIGTERM or SIGHUP can stop. Once it has begun, a signal makes `isAsked` return true,
 * and the work is expected to throw `INTERRUPTED` as soon as it has saved an episode or epoch; a second
 * signal ends the process. Before it has begun, a signal throws `INTERRUPTED` at once, the work is abandoned,
 * and the caller must end the process.
 */
export async function stopOnInterrupt<T>(
  work: (stopping: Stopping) => Promise<T>,
  { clear, waitingFor }: Display = {},
): Promise<T> {
  let isAsked = false;
  let hasBegun = false;
  let giveUp: (error: TersorError) => void;
  const early = new Promise<never>((_, reject) => (giveUp = reject));
  const restore = onStopSignal((signal) => {
    isAsked = true;
    if (!hasBegun)
      giveUp(new TersorError('INTERRUPTED', 'Stopped as requested, before there was anything to save.'));
    else {
      clear?.();
      const what = waitingFor?.() ?? 'this episode or epoch';
      // Start a new line: the terminal has echoed Ctrl-C.
      process.stderr.write(`\nFinishing ${what} and saving; ${again(signal)} to stop at once.\n`);
    }
  });
  try {
    return await Promise.race([work({ isAsked: () => isAsked, begin: () => void (hasBegun = true) }), early]);
  } finally {
    restore();
  }
}

/** How to send the signal a second time, in words. */
export function again(signal: StopSignal): string {
  return signal === 'SIGINT' ? 'press Ctrl-C again' : `send ${signal} again`;
}
