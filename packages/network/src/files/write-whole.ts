import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';

/**
 * Writes a file atomically: on failure, an old file stays and no partial file is left. Throws the error of
 * the file system.
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const partial = partialName(path);
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

/**
 * A name beside a path for what is not complete yet. A process id alone is not unique: machines may share a
 * disk, and in containers every process is number 1.
 */
export function partialName(path: string): string {
  return `${path}.tmp-${process.pid}-${randomUUID().slice(0, 8)}`;
}
