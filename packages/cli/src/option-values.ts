import { readValue, TersorError } from '@tersor/core';

/** Gathers a repeatable option. */
export function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

/** Reads `key=value` options, values as `readValue` does. Throws `CONFIG_INVALID`. */
export function keyValues(pairs: readonly string[], option: string): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) throw new TersorError('CONFIG_INVALID', `${option} ${pair}: expected key=value.`);
      const key = pair.slice(0, at);
      if (key === '__proto__')
        throw new TersorError('CONFIG_INVALID', `${option} ${pair}: the key "__proto__" cannot be set.`);
      return [key, readValue(pair.slice(at + 1), `${option} ${key}=`)];
    }),
  );
}
