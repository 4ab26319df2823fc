import { stat } from 'node:fs/promises';

/** Whether there is a folder of that name; false, too, where nobody may look. */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
