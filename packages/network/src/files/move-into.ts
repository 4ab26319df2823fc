import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '@tersor/core';

/**
 * Moves what a staging folder on the same disk holds into another folder, whose other files stay. `last`
 * names the file that makes the whole valid: its older self leaves first and it arrives last, so that whoever
 * finds it finds the rest as well, and after a crash in between nobody does.
 */
export async function moveInto(staging: string, folder: string, last: string): Promise<void> {
  await makeFolder(folder);
  await rm(join(folder, last), { force: true });
  const entries = await readdir(staging);
  for (const entry of [...entries.filter((name) => name !== last), last]) {
    await rm(join(folder, entry), { recursive: true, force: true });
    await rename(join(staging, entry), join(folder, entry));
  }
  await rm(staging, { recursive: true });
}
