import { messageOf } from '@tersor/core';
import { findFolders, type FoundFolder } from './find-folders.js';
import type { Item } from './item.js';
import { createRunReader, runItem, type RunReader } from './read-run-item.js';
import { createTrainingReader, trainingItem, type TrainingReader } from './training-reader.js';
import { createStudyReader, studyItem, type StudyReader } from './read-study-item.js';

/** An item with what reads it. */
export interface Watched {
  readonly item: Item;
  readonly reader:
    | { readonly run: RunReader }
    | { readonly study: StudyReader }
    | { readonly training: TrainingReader };
}

/** What changed since the last look. */
export interface Changes {
  readonly items: readonly Item[];
  /** Ids of those that are gone. */
  readonly gone: readonly string[];
}

/** The runs and studies below some folders, as they are now. */
export interface Watcher {
  all(): readonly Item[];
  get(id: string): Watched | undefined;
  /** Looks at everything now. */
  look(): Promise<void>;
  /** Is told of changes, and keeps the looking going; gives the function that ends it. */
  subscribe(listener: (changes: Changes) => void): () => void;
  close(): void;
}

const POLL_MS = 700;
/** A look that took long is not followed by the next at once: a share of the time at most. */
const SHARE = 8;
/** New folders are looked for once in so many looks. */
const LOOKS = 4;
const AT_ONCE = 32;

/** Watches folders by looking at them again and again: what tells of changes differs by file system. */
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
