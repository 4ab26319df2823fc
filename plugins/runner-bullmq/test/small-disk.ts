import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Mounts a disk of 512 kB. */
export function mount(folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', folder], { stdio: 'ignore' });
}

/** Whether such a disk can be mounted here. */
export function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'tersor-disk-'));
  try {
    mount(folder);
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes until the disk is full. */
export async function fill(path: string): Promise<void> {
  for (let size = 400_000; size >= 500; size = Math.floor(size / 2)) {
    const before = await readFile(path).catch(() => Buffer.alloc(0));
    await writeFile(path, Buffer.concat([before, Buffer.alloc(size)])).catch(() => writeFile(path, before));
  }
}
