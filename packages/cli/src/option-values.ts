import { parse } from 'yaml';
import { TersorError } from '@tersor/core';

/** Gathers a repeatable option. */
export function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

/** Reads `key=value` options, values as YAML. Throws `CONFIG_INVALID`. */
export function keyValues(pairs: readonly string[], option: string): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) throw new TersorError('CONFIG_INVALID', `${option} ${pair}: expected key=value.`);
      return [pair.slice(0, at), parse(pair.slice(at + 1)) as unknown];
    }),
  );
}
