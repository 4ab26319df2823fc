import { rename, rm, writeFile } from 'node:fs/promises';

/**
 * Writes a file whole or not at all: where it fails, what was there stays and nothing is left beside it.
 * Throws the error of the file system.
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const partial = `${path}.tmp-${process.pid}`;
  try {
    await writeFile(partial, content);
    await rename(partial, path);
  } catch (error) {
    // Half a file would keep a full disk full. That it cannot be removed says less than why the whole could
    // not be written.
    await rm(partial, { force: true }).catch(() => undefined);
    throw error;
  }
}
