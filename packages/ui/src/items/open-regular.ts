import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** Not through a link: a folder may come from somebody else. Windows has no such flag. */
export const NO_LINK = constants.O_NOFOLLOW ?? 0;

/**
 * Opens a file to read it; undefined for what is not there, may not be read, or is a link, a pipe or a
 * device: to read these might show what lies elsewhere, or never end.
 */
export async function openRegular(path: string): Promise<FileHandle | undefined> {
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | NO_LINK;
  const handle = await open(path, flags).catch(() => undefined);
  if (!handle) return undefined;
  const isFile = await handle.stat().then(
    (found) => found.isFile(),
    () => false,
  );
  if (isFile) return handle;
  await handle.close();
  return undefined;
}
