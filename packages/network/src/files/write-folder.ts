import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isTersorError, makeFolder, messageOf, TersorError } from '@tersor/core';
import { partialName } from './write-whole.js';

/** Node's codes for a disk that is full, broken, or not ours. */
const DISK_CODES = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EROFS', 'EACCES', 'EPERM', 'EMFILE', 'ENFILE'];

export interface FolderWriting<T = unknown> {
  /**
   * The file that marks the folder as complete: an old one is removed first, and the new one is moved in
   * last. A function gets the result of `fill`.
   */
  readonly last: string | ((filled: T) => string);
  /** What is written, as the start of an error message: "The model". */
  readonly what: string;
  /** What to do about a failure. */
  readonly hint?: string;
  /** Staging folder, on the same disk; by default beside the folder. */
  readonly staging?: string;
}

/**
 * Writes files into a folder, all or nothing; other files in it stay. `fill` creates and checks the files in
 * a staging folder; its result is returned, and if it throws, the folder is unchanged. Where the file `last`
 * exists, all others do; a crash while files are moved leaves it missing. Throws `OUTPUT_FAILED` for errors
 * without their own code.
 */
export async function writeFolder<T>(
  folder: string,
  { last, what, hint, staging = partialName(folder) }: FolderWriting<T>,
  fill: (staging: string) => Promise<T>,
): Promise<T> {
  try {
    await makeFolder(staging);
    const result = await fill(staging);
    await moveInto(staging, folder, typeof last === 'string' ? last : last(result));
    return result;
  } catch (cause) {
    await rm(staging, { recursive: true, force: true }).catch(() => undefined);
    const reason = ofTheDisk(cause) ?? cause;
    if (isTersorError(reason)) throw reason;
    const message = `${what} cannot be written to ${folder}: ${messageOf(reason)}`;
    throw new TersorError('OUTPUT_FAILED', message, { cause, ...(hint !== undefined && { hint }) });
  }
}

/** What the disk said where a format is blamed for it; `undefined` for other errors. */
function ofTheDisk(error: unknown): unknown {
  if (!isTersorError(error) || error.code !== 'PLUGIN_FAILED') return undefined;
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  return code !== undefined && DISK_CODES.includes(code) ? error.cause : undefined;
}

async function moveInto(staging: string, folder: string, last: string): Promise<void> {
  await makeFolder(folder);
  await rm(join(folder, last), { recursive: true, force: true });
  const entries = await readdir(staging);
  for (const entry of [...entries.filter((name) => name !== last), last]) {
    await rm(join(folder, entry), { recursive: true, force: true });
    await rename(join(staging, entry), join(folder, entry));
  }
  await rm(staging, { recursive: true });
}
