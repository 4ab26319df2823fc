import { stat } from 'node:fs/promises';

/** Time of a file's last change in milliseconds since 1970; undefined if there is no file. */
export async function timeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
