import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf, TersorError } from '@tersor/core';
import { folderPlace } from '@tersor/study';
import type { TrialStore } from './trial-store.js';

const NAME = 'store.json';

/** Opens the store in a folder, creating it if necessary. Throws `OUTPUT_FAILED`. */
export async function createFolderStore(folder: string): Promise<TrialStore> {
  try {
    await mkdir(join(folder, 'inputs'), { recursive: true });
    const draft = join(folder, `${NAME}.${randomUUID()}`);
    await writeFile(draft, `${JSON.stringify({ id: randomUUID() })}\n`);
    // If several processes create it at once, the id of the first one holds.
    await link(draft, join(folder, NAME)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await rm(draft);
    return await openFolderStore(folder);
  } catch (cause) {
    throw new TersorError('OUTPUT_FAILED', `The store ${folder} cannot be used: ${messageOf(cause)}`, {
      cause,
      hint: 'runner.store is a folder on a disk that all machines see and can write, or s3://bucket/prefix.',
    });
  }
}

/**
 * Opens an existing store. Rejects if there is none.
 * @param wanted the id that it must have; any if left out
 */
export async function openFolderStore(path: string, wanted?: string): Promise<TrialStore> {
  const folder = resolve(path);
  const { id } = JSON.parse(await readFile(join(folder, NAME), 'utf8')) as { readonly id: string };
  if (wanted !== undefined && id !== wanted) throw new Error('it is another one');
  const content = (hash: string) => join(folder, 'inputs', hash.slice(0, 2), hash);
  const trials = folderPlace(join(folder, 'trials'));
  return {
    address: folder,
    id,
    attempt: (job, attempt) => folderPlace(join(folder, 'trials', job, attempt)),
    attempts: async (job) => {
      const names = await trials.list(job);
      return [...new Set(names.map((name) => name.split('/')[1]!))].sort();
    },
    forget: (job) => trials.remove(job),
    bring: (file, hash) => copyOnce(file, content(hash)),
    fetch: (hash, file) => copyOnce(content(hash), file),
  };
}

/** Copies a file atomically; does nothing if the target exists. */
async function copyOnce(from: string, to: string): Promise<void> {
  if (await stat(to).catch(() => undefined)) return;
  await mkdir(dirname(to), { recursive: true });
  const partial = `${to}.${randomUUID()}`;
  try {
    await copyFile(from, partial);
    await rename(partial, to);
  } finally {
    await rm(partial, { force: true });
  }
}
