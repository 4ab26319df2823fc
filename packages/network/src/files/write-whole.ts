import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';

/**
 * Writes a file whole or not at all: where it fails, what was there stays and nothing is left beside it.
 * Throws the error of the file system.
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  // On a shared disk, process ids of two machines may be the same; in containers everyone is number 1.
  const partial = `${path}.tmp-${process.pid}-${randomUUID().slice(0, 8)}`;
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
