import type { FilePlace } from '@tersor/core';
import { memoryPlace } from './memory-place.js';

/** A place in memory that notes how it is used. */
export interface WatchedPlace extends FilePlace {
  /** Whether anything of it was asked for. */
  isTouched(): boolean;
  /** Files that were written or removed so far. */
  changes(): number;
}

/** A place whose methods wait for `open` before they do anything. */
export function watchedPlace(open: Promise<void> = Promise.resolve()): WatchedPlace {
  const inner = memoryPlace();
  let isTouched = false;
  let changes = 0;
  const waited = async <T>(act: () => Promise<T>, isChange = false): Promise<T> => {
    isTouched = true;
    await open;
    if (isChange) changes++;
    return act();
  };
  return {
    isTouched: () => isTouched,
    changes: () => changes,
    put: (name, content) => waited(() => inner.put(name, content), true),
    get: (name) => waited(() => inner.get(name)),
    list: (folder) => waited(() => inner.list(folder)),
    remove: (name) => waited(() => inner.remove(name), true),
  };
}
