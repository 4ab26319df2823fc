import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isTersorError, TersorError } from '@tersor/core';

const FILE = '.lock';

/**
 * Takes an output folder for this process: a file with the process id, removed by the function that it resolves to. A lock whose process is
 * gone is taken over. Throws `OUTPUT_LOCKED` while another process holds it, `OUTPUT_FAILED` when the folder cannot be made.
 */
export async function lockOutput(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, FILE);
  const own = join(folder, `${FILE}-${process.pid}`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(own, String(process.pid));
    for (let attempt = 0; ; attempt++) {
      try {
        await link(own, path); // Atomic, with its content: nobody sees a lock without an owner.
        return () => rm(path, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 0) throw error;
        const owner = Number(await readFile(path, 'utf8'));
        if (isAlive(owner)) {
          throw new TersorError('OUTPUT_LOCKED', `The output folder ${folder} is in use by process ${owner}.`, { hint: 'Wait for it, stop it, or choose another folder with --out.' });
        }
        await rm(path, { force: true });
      }
    }
  } catch (cause) {
    if (isTersorError(cause)) throw cause;
    throw new TersorError('OUTPUT_FAILED', `The output folder ${folder} cannot be used: ${(cause as Error).message}`, { cause, hint: 'Choose another with --out.' });
  } finally {
    await rm(own, { force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
