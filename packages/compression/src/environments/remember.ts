import type { Action } from '@tersor/core';

/** So many answers are kept; agents ask several things of the same few hundred policies in turn. */
const MOST = 1000;

/** The same function of actions, which computes for the same actions only once, as long as it remembers. */
export function remembering<T>(
  compute: (actions: readonly Action[]) => T,
): (actions: readonly Action[]) => T {
  const known = new Map<string, T>();
  return (actions) => {
    const key = actions.join(';');
    const found = known.get(key);
    if (found !== undefined) return found;
    const value = compute(actions);
    if (known.size === MOST) known.clear();
    known.set(key, value);
    return value;
  };
}
