import { TersorError } from '@tersor/core';
import { onStopSignal, type StopSignal } from './stop-signals.js';

/** What work hears of a wish to stop it, and says of itself. */
export interface Stopping {
  /** Whether the work is to save itself and end. */
  readonly isAsked: () => boolean;
  /** Says that from now on there is something to save: a signal before that ends the work at once. */
  readonly begin: () => void;
}

/** What the screen shows while the work goes on. */
export interface Display {
  /** Takes a progress bar off the screen. */
  clear?(): void;
  /** What has to end before the work is saved, and about how long that takes. */
  waitingFor?(): string | undefined;
}

/**
 * Does work that Ctrl-C, SIGTERM or SIGHUP stop: once it has begun, `isAsked` says true and the work is
 * expected to end with `INTERRUPTED` as soon as it has saved an episode or epoch. A second signal ends the
 * process. Before the work has begun, it is left alone and `INTERRUPTED` is thrown at once; the caller ends
 * the process.
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
      giveUp(new TersorError('INTERRUPTED', 'Stopped as asked, before there was anything to save.'));
    else {
      clear?.();
      const what = waitingFor?.() ?? 'this episode or epoch';
      // On a terminal the cursor stands behind its echo of Ctrl-C.
      process.stderr.write(`\nFinishing ${what} and saving; ${again(signal)} to stop at once.\n`);
    }
  });
  try {
    return await Promise.race([work({ isAsked: () => isAsked, begin: () => void (hasBegun = true) }), early]);
  } finally {
    restore();
  }
}

/** How the second signal is sent. */
export function again(signal: StopSignal): string {
  return signal === 'SIGINT' ? 'press Ctrl-C again' : `send ${signal} again`;
}
