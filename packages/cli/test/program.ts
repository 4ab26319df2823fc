import { join } from 'node:path';

/** Arguments of Node for the program in a process of its own, from the sources of this checkout. */
export const PROGRAM: readonly string[] = [
  '--conditions=tersor/source',
  '--require',
  join(__dirname, '../../../tools/read-sources.cjs'),
  join(__dirname, '../src/main.ts'),
];
