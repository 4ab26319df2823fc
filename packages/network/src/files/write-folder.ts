import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isTersorError, makeFolder, messageOf, TersorError } from '@tersor/core';

export interface FolderWriting<T = unknown> {
  /**
   * The file that makes the whole valid: its older self leaves first, and it arrives last. A function is
   * asked once all is put together.
   */
  readonly last: string | ((filled: T) => string);
  /** What is written, to begin the message of a failure: "The model". */
  readonly what: string;
  /** What to do about a failure. */
  readonly hint?: string;
  /** Where the files are put together, on the same disk; beside the folder without. */
  readonly staging?: string;
}

/**
 * Writes files into a folder, whole or not at all; other files of the folder stay. `fill` puts them together
 * in a staging folder and checks them there; what it gives is given back, and what it throws leaves the
 * folder as it was. Whoever finds the file `last` finds the rest as well, and after a crash in between nobody
 * finds it. Throws `OUTPUT_FAILED` for errors that have no code of their own.
 */
export async function writeFolder<T>(
  folder: string,
  { last, what, hint, staging = `${folder}.tmp-${process.pid}` }: FolderWriting<T>,
  fill: (staging: string) => Promise<T>,
): Promise<T> {
  try {
    await makeFolder(staging);
    const result = await fill(staging);
    await moveInto(staging, folder, typeof last === 'string' ? last : last(result));
    return result;
  } catch (cause) {
    await rm(staging, { recursive: true, force: true }).catch(() => undefined);
    if (isTersorError(cause)) throw cause;
    const message = `${what} cannot be written to ${folder}: ${messageOf(cause)}`;
    throw new TersorError('OUTPUT_FAILED', message, { cause, ...(hint !== undefined && { hint }) });
  }
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
