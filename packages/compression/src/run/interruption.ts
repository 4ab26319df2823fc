import { TersorError } from '@tersor/core';

interface Interruptible {
  readonly shouldStop?: () => boolean;
  saveProgress(options: { readonly now: true }): Promise<void>;
}

/** Called where a stage can be left: when a stop was asked for, writes the checkpoint and throws `INTERRUPTED`. */
export async function requireGoingOn(context: Interruptible): Promise<void> {
  if (!context.shouldStop?.()) return;
  await context.saveProgress({ now: true });
  throw new TersorError('INTERRUPTED', 'Stopped as asked.', { hint: 'Go on with the same command and --resume.' });
}
