import { TersorError } from '@tersor/core';

/** `CONFIG_NOT_FOUND` for something that was there, or never was. */
export function missing(what: string): TersorError {
  return new TersorError('CONFIG_NOT_FOUND', `There is no ${what}, or it was removed.`);
}
