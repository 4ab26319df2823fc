import type { FilePlace } from '@tersor/core';

/** Marks results as complete, so it is written last. */
const LAST = 'summary.json';
const LOCK = '.lock';

/** Copies the files of one place to another. Resolves to their names, or to undefined if one was gone. */
export async function copyFiles(from: FilePlace, into: FilePlace): Promise<readonly string[] | undefined> {
  const names = (await from.list()).filter((name) => name !== LOCK);
  for (const name of [...names.filter((each) => each !== LAST), ...names.filter((each) => each === LAST)]) {
    const content = await from.get(name);
    if (!content) return undefined;
    await into.put(name, content);
  }
  return names;
}

/** The same, and removes what only the target has. Resolves to whether all files were there. */
export async function replaceFiles(from: FilePlace, into: FilePlace): Promise<boolean> {
  const names = await copyFiles(from, into);
  if (!names || names.length === 0) return false;
  for (const name of await into.list()) if (name !== LOCK && !names.includes(name)) await into.remove(name);
  return true;
}
