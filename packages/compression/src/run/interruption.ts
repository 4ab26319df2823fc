import { TersorError } from '@tersor/core';

/**
 * Called where a stage can be left: throws `INTERRUPTED` when a stop was asked for. The checkpoint was
 * written just before.
 */
export function requireGoingOn({ shouldStop }: { readonly shouldStop?: () => boolean }): void {
  if (shouldStop?.())
    throw new TersorError('INTERRUPTED', 'Stopped as requested.', {
      hint: 'Continue with the same command and --resume.',
    });
}
