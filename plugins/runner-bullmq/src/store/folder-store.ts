import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { messageOf, TersorError, type FilePlace } from '@tersor/core';
import { folderPlace } from '@tersor/study';

/** Files that machines share: inputs by their content, and for every trial the files of its attempts. */
export interface TrialStore {
  readonly folder: string;
  /** Tells apart stores that have the same path on two machines. */
  readonly id: string;
  /** Files of one attempt at a trial. */
  attempt(job: string, attempt: string): FilePlace;
  /** Names of the attempts at a trial, oldest first. */
  attempts(job: string): Promise<string[]>;
  /** Removes all files of a trial. */
  forget(job: string): Promise<void>;
  /** Path of the file with this SHA-256. */
  content(hash: string): string;
}

const NAME = 'store.json';

/** Opens the store in a folder, creating it if necessary. Throws `OUTPUT_FAILED`. */
export async function createStore(folder: string): Promise<TrialStore> {
  try {
    await mkdir(join(folder, 'inputs'), { recursive: true });
    const draft = join(folder, `${NAME}.${randomUUID()}`);
    await writeFile(draft, `${JSON.stringify({ id: randomUUID() })}\n`);
    // If several processes create it at once, the id of the first one holds.
    await link(draft, join(folder, NAME)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await rm(draft);
    return await openStore(folder);
  } catch (cause) {
    throw new TersorError('OUTPUT_FAILED', `The store ${folder} cannot be used: ${messageOf(cause)}`, {
      cause,
      hint: 'runner.store is a folder on a disk that all machines see and can write.',
    });
  }
}

/** Opens an existing store. Rejects if there is none. */
export async function openStore(path: string): Promise<TrialStore> {
  const folder = resolve(path);
  const { id } = JSON.parse(await readFile(join(folder, NAME), 'utf8')) as { readonly id: string };
  const trials = folderPlace(join(folder, 'trials'));
  return {
    folder,
    id,
    attempt: (job, attempt) => folderPlace(join(folder, 'trials', job, attempt)),
    attempts: async (job) => {
      const names = await trials.list(job);
      return [...new Set(names.map((name) => name.split('/')[1]!))].sort();
    },
    forget: (job) => trials.remove(job),
    content: (hash) => join(folder, 'inputs', hash.slice(0, 2), hash),
  };
}

/** SHA-256 of a file, in hexadecimal. */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Copies a file atomically; does nothing if the target exists. */
export async function copyOnce(from: string, to: string): Promise<void> {
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
