import { stat } from 'node:fs/promises';

/**
 * When a file was changed last, in milliseconds since 1970; undefined where there is none. A pipe or a device
 * is none: to read it might never end.
 */
export async function timeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (found) => (found.isFile() ? found.mtimeMs : undefined),
    () => undefined,
  );
}
