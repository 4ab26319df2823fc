import { dirname, isAbsolute, resolve } from 'node:path';

/**
 * Prints where results go if that may surprise: `output` in a config is relative to the working directory,
 * like `--out`, while its other paths are relative to the config. Prints nothing if both are the same folder,
 * or if `--out` was given.
 */
export function sayPlace(config: string, output: string, out: string | undefined): void {
  if (out !== undefined || isAbsolute(output) || dirname(resolve(config)) === process.cwd()) return;
  process.stderr.write(
    `note: the results go to ${resolve(output)}: "output" is relative to the working directory, not to the config.\n`,
  );
}
