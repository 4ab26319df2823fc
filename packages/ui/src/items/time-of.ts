import { stat } from 'node:fs/promises';

/** When a file was changed last, in milliseconds since 1970; undefined where there is none. */
export async function timeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
