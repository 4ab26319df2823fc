import { TersorError } from '../errors.js';

/** Index of the first value that is NaN or infinite; undefined where all are finite. */
export function firstNotFinite(values: ArrayLike<number>): number | undefined {
  // A plain loop: these are pixels and weights, millions of them.
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return undefined;
}

/**
 * Throws `WEIGHTS_NOT_FINITE` for an array that holds NaN or an infinite value, with its name, the value and
 * the position.
 */
export function requireFinite(name: string, data: Float32Array, hint: string): void {
  const at = firstNotFinite(data);
  if (at === undefined) return;
  throw new TersorError('WEIGHTS_NOT_FINITE', `${name} holds ${data[at]} at position ${at}.`, { hint });
}
