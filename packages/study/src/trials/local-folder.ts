import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FilePlace } from '@tersor/core';
import { copyFiles, replaceFiles } from '../results/copy-files.js';
import { folderPlace } from '../results/folder-place.js';

/**
 * Calls `work` with a local folder that holds the files of a place. If the place is a folder, it is used
 * itself. Otherwise `work` gets a temporary copy; when it ends, even with an error, files are copied back,
 * and those that `work` deleted are removed from the place, unless it left none at all; what is of this
 * machine stays here. Throws what `work` and the place throw.
 */
export async function inLocalFolder<T>(place: FilePlace, work: (folder: string) => Promise<T>): Promise<T> {
  if (place.folder !== undefined) return work(place.folder);
  const folder = await mkdtemp(join(tmpdir(), 'tersor-trial-'));
  const local = folderPlace(folder);
  try {
    await copyFiles(place, local);
    try {
      return await work(folder);
    } finally {
      await replaceFiles(local, place);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
