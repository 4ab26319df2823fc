import { isAbsolute, relative, sep } from 'node:path';

/**
 * Whether a path is a folder or lies below it, by their names alone: give real paths (`realpath`) where a
 * link must not lead out. Relative paths are below the working directory.
 */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
