import { CONFIG_FOLDER } from '@tersor/compression';
import type { FilePlace } from '@tersor/core';

/** Of one process, and of one machine. */
const OWN = ['.lock', CONFIG_FOLDER];
/** These mark results as complete, so they are written last. */
const MARKS = ['summary.json', 'trial.json'];

/**
 * Copies the files of one place to another, each of them whole, marks of completeness last. Resolves to their
 * names, or to undefined if one was gone meanwhile. Throws what the places throw.
 */
export async function copyFiles(from: FilePlace, into: FilePlace): Promise<readonly string[] | undefined> {
  const names = (await from.list()).filter((name) => !OWN.includes(name));
  const marks = MARKS.filter((name) => names.includes(name));
  for (const name of [...names.filter((each) => !marks.includes(each)), ...marks]) {
    const content = await from.get(name);
    if (!content) return undefined;
    await into.put(name, content);
  }
  return names;
}

/**
 * The same, and removes what only the target has, unless there was nothing to copy. Resolves to whether all
 * files were there.
 */
export async function replaceFiles(from: FilePlace, into: FilePlace): Promise<boolean> {
  const names = await copyFiles(from, into);
  if (!names || names.length === 0) return false;
  for (const name of await into.list())
    if (!OWN.includes(name) && !names.includes(name)) await into.remove(name);
  return true;
}
