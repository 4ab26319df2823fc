import { mkdir, mkdtemp, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf, TersorError } from '../errors.js';

/** Codes of a folder that goes meanwhile: one above it, or itself while it is found to be there. */
const GONE = ['ENOENT', 'EEXIST'];
/** Times that a folder is made anew because one went. Each time is another owner's end. */
const ATTEMPTS = 100;

/**
 * Makes a folder and those above it that are missing; gives those that it made, outermost first. Each is made
 * by a call of its own: Node's `mkdir` with `recursive` never returns below `/proc` and `/sys`. It begins
 * anew where another process takes an empty one away meanwhile. Throws the error of the file system, and one
 * for a file in the way.
 */
export async function makeFolder(path: string): Promise<string[]> {
  const made = new Set<string>();
  for (let attempt = 1; ; attempt++) {
    try {
      for (const each of await missingOf(path)) if (await makeOne(each)) made.add(each);
      return [...made].sort((a, b) => a.length - b.length);
    } catch (error) {
      const isGone = GONE.includes((error as NodeJS.ErrnoException).code ?? '');
      if (!isGone || attempt === ATTEMPTS) throw error;
    }
  }
}

/** The folders that are missing at a path, outermost first. */
async function missingOf(path: string): Promise<string[]> {
  const missing: string[] = [];
  let folder = resolve(path);
  for (; !(await hasFolder(folder)); folder = dirname(folder)) missing.unshift(folder);
  return missing;
}

/** Whether it made the folder: another process may have made it meanwhile. */
async function makeOne(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await hasFolder(folder))) throw error;
    return false;
  }
}

async function hasFolder(path: string): Promise<boolean> {
  const found = await statOf(path);
  if (found && !found.isDirectory()) throw new Error(`${path} is not a folder.`);
  return found !== undefined;
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Tries whether a folder can be made, filled and replaced, before hours of work are spent on what goes into
 * it; leaves nothing behind. Throws `OUTPUT_FAILED`, naming the folder and `option`, which chooses another.
 */
export async function requireWritableFolder(folder: string, option = '--out'): Promise<void> {
  await tried(folder, 'folder', option, async () => {
    const isThere = await hasFolder(folder);
    if (isThere) await rmdir(await mkdtemp(join(folder, '.tersor-')));
    await tryBeside(folder);
  });
}

/**
 * Tries whether a file can be written or replaced; leaves nothing behind. Throws `OUTPUT_FAILED`, naming the
 * file and `option`, which chooses another.
 */
export async function requireWritableFile(file: string, option = '--out'): Promise<void> {
  await tried(file, 'file', option, async () => {
    const found = await statOf(file);
    if (found && !found.isFile()) throw new Error('it is there already and is not a regular file.');
    await tryBeside(file);
  });
}

/** Results are written under a longer name first and renamed. */
async function tryBeside(path: string): Promise<void> {
  const made = await makeFolder(dirname(path));
  try {
    await rmdir(await mkdtemp(`${path}.checkpoint.tmp-`));
  } finally {
    // One that is in use by now stays.
    for (const folder of made.reverse()) await rmdir(folder).catch(() => undefined);
  }
}

async function tried(path: string, what: string, option: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (cause) {
    throw new TersorError(
      'OUTPUT_FAILED',
      `The output ${what} ${JSON.stringify(path)} cannot be used: ${messageOf(cause)}`,
      { cause, hint: `Choose another with ${option}.` },
    );
  }
}
