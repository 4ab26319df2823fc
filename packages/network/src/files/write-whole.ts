import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';

/**
 * Writes a file atomically: on failure, an old file stays and no partial file is left. Throws the error of
 * the file system.
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  // A process id is not unique: machines may share a disk, and in containers every process is number 1.
  const partial = `${path}.tmp-${process.pid}-${randomUUID().slice(0, 8)}`;
  try {
    await writeFile(partial, content);
    await rename(partial, path);
  } catch (error) {
    // A partial file would keep a full disk full. If removing it fails too, the first error is the one to
    // report.
    await rm(partial, { force: true }).catch(() => undefined);
    throw error;
  }
}
