import { TersorError, type FilePlace } from '@tersor/core';

/** A place that keeps its files in memory: the simplest right one, and one that is no folder. */
export function memoryPlace(): FilePlace {
  const files = new Map<string, Uint8Array>();
  const below = (folder: string) => (name: string) =>
    folder === '' || name === folder || name.startsWith(`${folder}/`);
  return {
    put: async (name, content) => void files.set(named(name), content.slice()),
    get: async (name) => files.get(named(name))?.slice(),
    list: async (folder = '') => [...files.keys()].filter(below(folder && named(folder))).sort(),
    remove: async (name) =>
      [...files.keys()].filter(below(named(name))).forEach((each) => files.delete(each)),
  };
}

function named(name: string): string {
  if (/^\/|^[a-z]:|(^|\/)\.\.?(\/|$)|^$/i.test(name))
    throw new TersorError('OUTPUT_FAILED', `${JSON.stringify(name)} is not the name of a file here.`);
  return name;
}
