import { createHash } from 'node:crypto';
import { readdir, realpath, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { namedByConfig } from '@tersor/compression';
import { isInside, moduleFiles, type CompressConfig } from '@tersor/core';
import { hashOf } from './hash-of.js';
import type { TrialStore } from './trial-store.js';

/** The files that a trial reads, below some folder. */
export interface InputList {
  /** The folder that paths of the config are relative to, below that folder; with `/`. */
  readonly directory: string;
  /** SHA-256 of every file, by its path below that folder. */
  readonly files: Readonly<Record<string, string>>;
}

const LEFT_OUT = new Set(['node_modules', '.git']);
const MODULE = /\.([cm]?js|[cm]?ts)$/;

/** Copies what trials read into a store, once. Resolves to the hash of the list of files. */
export type PackInputs = (config: CompressConfig, directory: string) => Promise<string>;

/**
 * Copies every file that a config names by a relative path into a store, by its content: models with all
 * their files, folders of data sets, plugins with what they import. Packages and files with absolute paths
 * are not copied: every machine must have them.
 * @param searchFrom folders from which formats of models are resolved
 */
export function packInputs(store: TrialStore, searchFrom: readonly string[]): PackInputs {
  const packed = new Map<string, Promise<string>>();
  const brought = new Map<string, Promise<string>>();
  const bring = (path: string) => {
    const known = brought.get(path) ?? bringFile(path, store);
    brought.set(path, known);
    return known;
  };
  return (config, directory) => {
    // The files depend only on the texts in a config, which are the same in thousands of trials.
    const key = JSON.stringify([directory, [...textsOf(config)].sort()]);
    const known = packed.get(key) ?? pack(config, directory, { store, searchFrom, bring });
    packed.set(key, known);
    known.catch(() => packed.delete(key));
    return known;
  };
}

async function pack(
  config: CompressConfig,
  directory: string,
  {
    store,
    searchFrom,
    bring,
  }: {
    readonly store: TrialStore;
    readonly searchFrom: readonly string[];
    readonly bring: (path: string) => Promise<string>;
  },
): Promise<string> {
  const base = resolve(directory);
  const named = await namedByConfig(config, { directory: base, searchFrom });
  const absolute = new Set([...textsOf(config)].filter(isAbsolute).map((path) => resolve(path)));
  const paths = new Set<string>();
  for (const { path } of named) {
    // A folder that contains the project is not an input of it.
    if (absolute.has(path) || `${base}${sep}`.startsWith(`${path}${sep}`)) continue;
    for (const file of await filesBelow(path)) paths.add(file);
  }
  const above = Math.max(0, ...[...paths].map((path) => stepsUp(relative(base, path))));
  const root = resolve(base, ...Array.from({ length: above }, () => '..'));
  const files: Record<string, string> = {};
  for (const path of [...paths].sort()) files[relative(root, path).replaceAll(sep, '/')] = await bring(path);
  const list: InputList = { directory: relative(root, base).replaceAll(sep, '/'), files };
  return bringText(JSON.stringify(list), store);
}

async function bringFile(path: string, store: TrialStore): Promise<string> {
  const hash = await hashOf(path);
  await store.bring(path, hash);
  return hash;
}

async function bringText(text: string, store: TrialStore): Promise<string> {
  const hash = createHash('sha256').update(text).digest('hex');
  const folder = await mkdtemp(join(tmpdir(), 'tersor-list-'));
  try {
    await writeFile(join(folder, 'list.json'), text);
    await store.bring(join(folder, 'list.json'), hash);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return hash;
}

/** The file itself, with its imports if it is a module; or all files of a folder. */
async function filesBelow(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return MODULE.test(path) ? moduleFiles(path) : [path];
  if (!found?.isDirectory()) return [];
  const files: string[] = [];
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (LEFT_OUT.has(entry.name)) continue;
    const inside = join(path, entry.name);
    // A link to a folder that contains it would never end.
    const isLoop = entry.isSymbolicLink() && isInside(await realpath(inside), path);
    if (!isLoop) files.push(...(await filesBelow(inside)));
  }
  return files;
}

function stepsUp(path: string): number {
  return path.split(sep).filter((part) => part === '..').length;
}

/** All strings in a config. */
function textsOf(value: unknown): Set<string> {
  if (typeof value === 'string') return new Set([value]);
  if (typeof value !== 'object' || value === null) return new Set();
  return new Set(Object.values(value).flatMap((each) => [...textsOf(each)]));
}
