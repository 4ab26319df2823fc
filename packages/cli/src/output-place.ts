import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { isInside, requireWritableFile, TersorError } from '@tersor/core';

const ANOTHER_FILE = { hint: 'Choose another file with --out.' };
/** Stands in every page that compares runs; the number of runs is before it. */
const COMPARES = / runs of Tersor side by side\.</;

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

/**
 * Throws where the page that compares the runs in `folders` must not be: `OUTPUT_FAILED` where no file can
 * be, `CONFIG_INVALID` in one of the folders, and in place of a file that is no such page.
 */
export async function requireFreePage(file: string, folders: readonly string[]): Promise<void> {
  await requireWritableFile(file);
  const place = join(await realPlace(dirname(file)), basename(file));
  for (const folder of folders)
    if (isInside(await realPlace(folder), place))
      throw new TersorError('CONFIG_INVALID', `${file} lies in ${folder}, which it compares.`, ANOTHER_FILE);
  if (existsSync(file) && !(await isComparison(file)))
    throw new TersorError(
      'CONFIG_INVALID',
      `${file} would be replaced, but it is not a comparison of runs that Tersor wrote.`,
      ANOTHER_FILE,
    );
}

/** The path without links; as it is where nothing is there. */
async function realPlace(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}

async function isComparison(file: string): Promise<boolean> {
  // What cannot be read, such as gigabytes, is no page.
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.startsWith('<!doctype html>') && COMPARES.test(text);
}
