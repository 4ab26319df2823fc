import { TersorError } from '@tersor/core';
import { onStopSignal, type StopSignal } from './stop-signals.js';

/** What work hears of a wish to stop it, and says of itself. */
export interface Stopping {
  /** Whether the work is to save itself and end. */
  readonly isAsked: () => boolean;
  /** Says that from now on there is something to save: a signal before that ends the work at once. */
  readonly begin: () => void;
}

/**
 * Does work that Ctrl-C, SIGTERM or SIGHUP stop: once it has begun, `isAsked` says true and the work is
 * expected to end with `INTERRUPTED` as soon as it has saved an episode or epoch. A second signal ends the
 * process. Before the work has begun, it is left alone and `INTERRUPTED` is thrown at once; the caller ends
 * the process.
 */
export async function stopOnInterrupt<T>(work: (stopping: Stopping) => Promise<T>): Promise<T> {
  let isAsked = false;
  let hasBegun = false;
  let giveUp: (error: TersorError) => void;
  const early = new Promise<never>((_, reject) => (giveUp = reject));
  const restore = onStopSignal((signal) => {
    isAsked = true;
    if (!hasBegun)
      giveUp(new TersorError('INTERRUPTED', 'Stopped as asked, before there was anything to save.'));
    else
      process.stderr.write(
        `\nFinishing this episode or epoch and saving; ${again(signal)} to stop at once.\n`,
      );
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
