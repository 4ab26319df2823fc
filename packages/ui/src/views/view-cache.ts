import type { PageContent } from '@tersor/study';

/** A view, and whether a newer one can be had soon. */
export interface CachedView {
  readonly view: PageContent;
  readonly isStale: boolean;
}

/** Views that were made, so that many changes, or pages, don't draw the same charts again and again. */
export interface ViewCache {
  get(key: string, revision: number, make: () => Promise<PageContent>): Promise<CachedView>;
}

/** Time between two makings of a view, in multiples of what one takes: the runs need the processor, too. */
const PAUSE = 8;
const KEPT = 30;

export function createViewCache(now: () => number = () => performance.now()): ViewCache {
  interface Entry {
    readonly revision: number;
    readonly view: Promise<PageContent>;
    until: number;
  }
  const entries = new Map<string, Entry>();
  return {
    get: async (key, revision, make) => {
      const before = entries.get(key);
      if (before && (before.revision === revision || now() < before.until))
        return { view: await before.view, isStale: before.revision !== revision };
      const started = now();
      const entry: Entry = { revision, view: make(), until: Infinity };
      entries.delete(key);
      entries.set(key, entry);
      if (entries.size > KEPT) entries.delete(entries.keys().next().value!);
      try {
        const view = await entry.view;
        entry.until = now() + PAUSE * (now() - started);
        return { view, isStale: false };
      } catch (error) {
        entries.delete(key);
        throw error;
      }
    },
  };
}
