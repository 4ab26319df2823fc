import type { PageContent } from '@tersor/study';

/** A view, and whether a newer one will be available soon. */
export interface CachedView {
  readonly view: PageContent;
  readonly isStale: boolean;
}

/** A cache of views, so that frequent changes and several open pages do not redraw the same charts. */
export interface ViewCache {
  get(key: string, revision: number, make: () => Promise<PageContent>): Promise<CachedView>;
}

/** Pause between redrawing a view, as a multiple of the time that it takes: runs need the processor too. */
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
