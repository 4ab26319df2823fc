import { dirname, isAbsolute, resolve } from 'node:path';

/**
 * Says where results go when that may surprise: `output` of a config is relative to the working directory, as
 * `--out` is, while its other paths are relative to the config. Nothing is said where both are the same
 * folder, or `--out` was given.
 */
export function sayPlace(config: string, output: string, out: string | undefined): void {
  if (out !== undefined || isAbsolute(output) || dirname(resolve(config)) === process.cwd()) return;
  process.stderr.write(
    `note: the results go to ${resolve(output)}: "output" is relative to the working directory, not to the config.\n`,
  );
}
