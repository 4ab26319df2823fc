import { messageOf } from '@tersor/core';
import { findFolders } from './find-folders.js';
import type { FoundFolder, Item } from './item.js';
import { createRunReader, runItem, type RunReader } from './read-run-item.js';
import { createTrainingReader, trainingItem, type TrainingReader } from './training-reader.js';
import { createStudyReader, studyItem, type StudyReader } from './read-study-item.js';

/** An item with its reader. */
export interface Watched {
  readonly item: Item;
  readonly reader:
    | { readonly run: RunReader }
    | { readonly study: StudyReader }
    | { readonly training: TrainingReader };
}

/** Changes since the last look. */
export interface Changes {
  readonly items: readonly Item[];
  /** Ids of items that no longer exist. */
  readonly gone: readonly string[];
}

/** Watches the runs and studies below some folders. */
export interface Watcher {
  all(): readonly Item[];
  get(id: string): Watched | undefined;
  /** Looks at all items now. */
  look(): Promise<void>;
  /**
   * Calls a listener with changes, and looks regularly as long as there is one; returns the unsubscribe
   * function.
   */
  subscribe(listener: (changes: Changes) => void): () => void;
  close(): void;
}

const POLL_MS = 700;
/** Looking takes at most one part in this many of the time, so slow looks are less frequent. */
const SHARE = 8;
/** New folders are searched for once in this many looks. */
const LOOKS = 4;
const AT_ONCE = 32;

/** Watches folders by polling, since file system events differ between file systems. */
export function createWatcher(roots: readonly string[]): Watcher {
  const watched = new Map<string, Watched>();
  const listeners = new Set<(changes: Changes) => void>();
  let folders: readonly FoundFolder[] = [];
  let looks = 0;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let isClosed = false;

  const lookAt = async (found: FoundFolder): Promise<Item | undefined> => {
    const before = watched.get(found.id);
    const isSame = before?.item.kind === found.kind;
    const reader = isSame ? before.reader : readerFor(found);
    const next = await itemOf(found, reader).catch((error: unknown) => unreadable(found, error));
    const { revision, ...old } = before?.item ?? { revision: 0 };
    if (before && JSON.stringify(old) === JSON.stringify(next)) return undefined;
    const item = { ...next, revision: revision + 1 };
    watched.set(found.id, { item, reader });
    return item;
  };

  const lookOnce = async () => {
    if (looks++ % LOOKS === 0) folders = await findFolders(roots);
    const items: Item[] = [];
    for (let at = 0; at < folders.length; at += AT_ONCE) {
      const found = await Promise.all(folders.slice(at, at + AT_ONCE).map(lookAt));
      items.push(...found.flatMap((item) => item ?? []));
    }
    const ids = new Set(folders.map(({ id }) => id));
    const gone = [...watched.keys()].filter((id) => !ids.has(id));
    for (const id of gone) watched.delete(id);
    if (items.length + gone.length > 0) for (const listener of listeners) listener({ items, gone });
  };

  const look = () => (looking ??= lookOnce().finally(() => (looking = undefined)));
  const schedule = (wait: number) => {
    timer = setTimeout(() => {
      const started = performance.now();
      const goOn = () => {
        timer = undefined;
        if (listeners.size > 0 && !isClosed)
          schedule(Math.max(POLL_MS, SHARE * (performance.now() - started)));
      };
      void look().then(goOn, goOn);
    }, wait);
  };
  return {
    all: () => folders.flatMap(({ id }) => watched.get(id)?.item ?? []),
    get: (id) => watched.get(id),
    look,
    subscribe: (listener) => {
      listeners.add(listener);
      if (!timer && !isClosed) schedule(0);
      return () => void listeners.delete(listener);
    },
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      listeners.clear();
    },
  };
}

function readerFor({ kind, folder }: FoundFolder): Watched['reader'] {
  if (kind === 'study') return { study: createStudyReader(folder) };
  return kind === 'training' ? { training: createTrainingReader(folder) } : { run: createRunReader(folder) };
}

/** Files of another program, or of another version: the others are shown all the same. */
function unreadable(found: FoundFolder, error: unknown): Omit<Item, 'revision'> {
  const detail = `cannot be read: ${messageOf(error)}`;
  return { ...found, status: 'failed', detail, changed: 0, canStop: false, isComparable: false };
}

function itemOf(found: FoundFolder, reader: Watched['reader']): Promise<Omit<Item, 'revision'>> {
  if ('study' in reader) return studyItem(found, reader.study);
  return 'training' in reader ? trainingItem(found, reader.training) : runItem(found, reader.run);
}
