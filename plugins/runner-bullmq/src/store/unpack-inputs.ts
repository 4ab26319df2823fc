import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isInside } from '@tersor/core';
import { hashOf } from './hash-of.js';
import type { InputList } from './pack-inputs.js';
import type { TrialStore } from './trial-store.js';

/**
 * Puts the files of a list where a trial finds them, and resolves to the folder that its paths are relative
 * to. Files in the cache are not fetched again. Rejects if the store lacks a file, if the content of one does
 * not match its name, or if the disk is full.
 */
export async function unpackInputs(store: TrialStore, list: string, cache: string): Promise<string> {
  const tree = join(cache, 'trees', list);
  const { directory, files } = JSON.parse(
    await readFile(await fetched(store, list, cache), 'utf8'),
  ) as InputList;
  if (!(await stat(tree).catch(() => undefined))) await layOut(tree, files, { store, cache });
  const start = inside(tree, directory);
  await mkdir(start, { recursive: true });
  return start;
}

async function layOut(
  tree: string,
  files: InputList['files'],
  { store, cache }: { readonly store: TrialStore; readonly cache: string },
): Promise<void> {
  const draft = `${tree}.${randomUUID()}`;
  try {
    await mkdir(draft, { recursive: true });
    for (const [name, hash] of Object.entries(files)) {
      const path = inside(draft, name);
      const content = await fetched(store, hash, cache);
      await mkdir(dirname(path), { recursive: true });
      // A link shares the bytes, if the disk can do that.
      await link(content, path).catch(() => copyFile(content, path));
    }
    // Another worker on this machine may have been faster.
    await rename(draft, tree).catch(async (error: unknown) => {
      if (!(await stat(tree).catch(() => undefined))) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Path in the cache of the file with this hash, fetched from the store if necessary. */
async function fetched(store: TrialStore, hash: string, cache: string): Promise<string> {
  if (!/^[\da-f]{64}$/.test(hash)) throw new Error(`${hash} is no hash of a file.`);
  const path = join(cache, 'files', hash);
  if (await stat(path).catch(() => undefined)) return path;
  await store.fetch(hash, path);
  if ((await hashOf(path)) === hash) return path;
  await rm(path, { force: true });
  throw new Error(
    `The file ${hash} in ${store.address} is damaged: it has other content than its name says.`,
  );
}

/** The path of a name below a folder. Throws if it leads out of the folder. */
function inside(folder: string, name: string): string {
  const path = resolve(folder, name);
  if (isInside(folder, path)) return path;
  throw new Error(`${JSON.stringify(name)} leads out of the inputs of a trial.`);
}
