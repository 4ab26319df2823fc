import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONFIG_FOLDER } from '@tersor/compression';
import type { FilePlace } from '@tersor/core';
import { folderPlace } from '../results/folder-place.js';

/** This file marks a run as complete, so it is copied back last. */
const LAST = 'summary.json';

/**
 * Calls `work` with a local folder that holds the files of a place. If the place is a folder, it is used
 * itself. Otherwise `work` gets a temporary copy; when it ends, even with an error, files are copied back,
 * and those that `work` deleted are removed from the place; what is of this machine stays here. Throws what
 * `work` and the place throw.
 */
export async function inLocalFolder<T>(place: FilePlace, work: (folder: string) => Promise<T>): Promise<T> {
  if (place.folder !== undefined) return work(place.folder);
  const folder = await mkdtemp(join(tmpdir(), 'tersor-trial-'));
  const local = folderPlace(folder);
  try {
    for (const name of await place.list()) await local.put(name, (await place.get(name))!);
    try {
      return await work(folder);
    } finally {
      await putBack(local, folder, place);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function putBack(local: FilePlace, folder: string, place: FilePlace): Promise<void> {
  const names = (await local.list()).filter((name) => name !== CONFIG_FOLDER);
  const inOrder = [...names.filter((name) => name !== LAST), ...names.filter((name) => name === LAST)];
  for (const name of inOrder) await place.put(name, await readFile(join(folder, name)));
  for (const name of await place.list()) if (!names.includes(name)) await place.remove(name);
}
