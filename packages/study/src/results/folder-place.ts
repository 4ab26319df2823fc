import { constants } from 'node:fs';
import { open, readdir, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { isInside, makeFolder, messageOf, TersorError, type FilePlace } from '@tersor/core';
import { writeWhole } from '@tersor/network';

/** Names of the temporary files that `writeWhole` writes before it renames them. */
const PARTIAL = /\.tmp-\d+(-[\da-f]{8})?$/;

/**
 * The files of a local folder, which is created with its first file. `put` and `remove` throw
 * `OUTPUT_FAILED`; so does every method for a name outside the folder.
 */
export function folderPlace(path: string): FilePlace {
  const folder = resolve(path);
  return {
    folder,
    put: async (name, content) => {
      const file = within(folder, name);
      await changing(file, 'written', async () => {
        await makeFolder(dirname(file));
        await writeWhole(file, content);
      });
    },
    get: async (name) => unlessMissing(readRegular(within(folder, name))),
    list: async (below = '') => {
      const root = within(folder, below);
      const entries = (await unlessMissing(readdir(root, { recursive: true, withFileTypes: true }))) ?? [];
      return entries
        .filter((entry) => entry.isFile() && !PARTIAL.test(entry.name))
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
        .sort();
    },
    remove: async (name) => {
      const file = within(folder, name);
      await changing(file, 'removed', () => rm(file, { recursive: true, force: true }));
    },
  };
}

/** The content of a file; undefined for a pipe or a device, which might never end. */
async function readRegular(path: string): Promise<Buffer | undefined> {
  // To open a pipe would wait for whoever writes to it. Windows has no such flag, and no such files.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    return (await handle.stat()).isFile() ? await handle.readFile() : undefined;
  } finally {
    await handle.close();
  }
}

function within(folder: string, name: string): string {
  const file = resolve(folder, name);
  if (!isInside(folder, file))
    throw new TersorError('OUTPUT_FAILED', `${JSON.stringify(name)} is not the name of a file in ${folder}.`);
  return file;
}

async function changing(file: string, what: string, change: () => Promise<void>): Promise<void> {
  try {
    await change();
  } catch (cause) {
    throw new TersorError('OUTPUT_FAILED', `${file} cannot be ${what}: ${messageOf(cause)}`, { cause });
  }
}

async function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
