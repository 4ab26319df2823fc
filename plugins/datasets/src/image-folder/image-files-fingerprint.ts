import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { TersorError, type Split } from '@tersor/core';
import type { ImageEntry } from './image-entries.js';

/**
 * Files of each split whose sizes are looked at: all of a data set of this size, some of ImageNet, where a
 * look at each would take minutes on a network's disk.
 */
const SIZED = 20_000;
/** Files of each split whose bytes are read. */
const READ = 100;
/** Files that are open at the same time. */
const AT_ONCE = 32;

/**
 * A word for the content of many image files, in a second or so: a hash of `settings`, of all paths within
 * the data set and their labels, of the sizes of up to 20,000 files of each split, and of the bytes of 100.
 * Throws `DATASET_INVALID` for a file that cannot be read.
 */
export async function imageFilesFingerprint(
  splits: Readonly<Record<Split, readonly ImageEntry[]>>,
  settings: unknown,
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const [split, entries] of Object.entries(splits)) {
    hash.update(JSON.stringify([split, entries.map(({ key, label }) => [key, label])]));
    hash.update(JSON.stringify(await forSome(entries, SIZED, async (path) => (await stat(path)).size)));
    hash.update(
      JSON.stringify(
        await forSome(entries, READ, async (path) =>
          createHash('sha256')
            .update(await readFile(path))
            .digest('hex'),
        ),
      ),
    );
  }
  return hash.digest('hex');
}

/** What `read` gives for up to `count` files at equal distances, first and last among them. */
async function forSome<T>(
  entries: readonly ImageEntry[],
  count: number,
  read: (path: string) => Promise<T>,
): Promise<T[]> {
  const step = entries.length <= count ? 1 : (entries.length - 1) / (count - 1);
  const chosen = Array.from(
    { length: Math.min(entries.length, count) },
    (_, i) => entries[Math.round(i * step)]!.path,
  );
  const found: T[] = [];
  for (let i = 0; i < chosen.length; i += AT_ONCE) {
    const group = chosen.slice(i, i + AT_ONCE).map((path) =>
      read(path).catch((cause: unknown) => {
        throw new TersorError('DATASET_INVALID', `${path} cannot be read.`, {
          cause,
          hint: 'It was there when the data set was opened.',
        });
      }),
    );
    found.push(...(await Promise.all(group)));
  }
  return found;
}
