import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { exports as resolveExports } from 'resolve.exports';
import { TersorError } from '../errors.js';

/** What is read of a package.json. */
export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly main?: string;
  readonly exports?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  /** What a package states for Tersor. Anybody may write anything here. */
  readonly tersor?: { readonly plugins?: unknown } | null;
}

/** A package or file is named by where it lies: `./agent.js`, `/plugins/agent`. */
export function isPath(specifier: string): boolean {
  return /^\.{1,2}(\/|$)/.test(specifier) || isAbsolute(specifier);
}

/** The package.json of a folder; undefined where there is none or it cannot be read. */
export function readManifest(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

/** A folder and those above it, innermost first. */
export function foldersUp(directory: string): string[] {
  const folders = [resolve(directory)];
  while (folders.at(-1) !== dirname(folders.at(-1)!)) folders.push(dirname(folders.at(-1)!));
  return folders;
}

/** Root of the package `name` as seen from a folder, by Node's rule; undefined where it is not installed. */
export function findPackage(name: string, from: string): string | undefined {
  return foldersUp(from)
    .map((folder) => join(folder, 'node_modules', name))
    .find((root) => existsSync(join(root, 'package.json')));
}

/**
 * Path of a module's entry file, looked for from each directory in turn; undefined where it is not there.
 * Throws `PLUGIN_INVALID` for a package without entry.
 */
export function findModule(specifier: string, directories: readonly string[]): string | undefined {
  for (const directory of directories) {
    if (isPath(specifier)) {
      const path = resolve(directory, specifier);
      if (existsSync(path)) return statSync(path).isDirectory() ? entryOf(path, specifier) : path;
      continue;
    }
    const root = findPackage(specifier, directory);
    if (root) return entryOf(root, specifier);
  }
  return undefined;
}

/** Entry file of a package, by `exports` (ES module first), else `main`. */
function entryOf(root: string, name: string): string {
  const manifest = readManifest(root);
  let entries: string[] = [];
  try {
    entries = manifest?.exports
      ? (resolveExports({ name, ...manifest }, '.', { conditions: extraConditions() }) ?? [])
      : [manifest?.main ?? 'index.js'];
  } catch {
    // `exports` without an entry for an import: the message below says so.
  }
  const existing = entries.map((entry) => join(root, entry)).find((file) => existsSync(file));
  if (!existing)
    throw new TersorError(
      'PLUGIN_INVALID',
      `The package ${name} at ${root} has no entry file (${entries.join(', ') || 'its exports name none'}).`,
      { hint: 'Was it built?' },
    );
  return existing;
}

/**
 * Export conditions that this process runs with (`--conditions=...`): inside the repository, packages are
 * read from source.
 */
function extraConditions(): string[] {
  const given = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(' ')].flatMap(
    (argument) => argument.match(/^(?:-C|--conditions)=(.+)$/)?.[1] ?? [],
  );
  return [...given, ...(process.env['TERSOR_CONDITIONS']?.split(',') ?? [])];
}

/** The copy of @tersor/core that a plugin's file gets, where it is another than this one. */
export function otherCore(file: string): { readonly root: string; readonly version: string } | undefined {
  const root = findPackage('@tersor/core', dirname(realpathSync(file)));
  if (!root || realpathSync(root) === realpathSync(join(__dirname, '../..'))) return undefined;
  return { root, version: readManifest(root)?.version ?? 'unknown' };
}
