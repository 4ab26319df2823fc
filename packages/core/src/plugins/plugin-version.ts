import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { foldersUp, readManifest } from './module-resolution.js';

/** What tells one state of a plugin's code from another. */
export interface PluginVersion {
  /** Of the package.json that it lies under. */
  readonly version?: string;
  /**
   * `moduleContent` of it, where its code can change without a new version: a path, a linked package, a
   * package without a version.
   */
  readonly content?: string;
}

const RELATIVE_IMPORT = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*['"](\.{1,2}\/[^'"\n]+)['"]/g;
/** What a relative import may leave out, or call otherwise (TypeScript names `./a.ts` as `./a.js`). */
const ENDINGS = ['', '.js', '.mjs', '.cjs', '.ts', '.json', '/index.js', '/index.ts'];

/** The version of the plugin whose entry file this is. */
export function pluginVersion(file: string): PluginVersion {
  const real = realpathSync(file);
  const manifest = foldersUp(dirname(real))
    .map(readManifest)
    .find((each) => each !== undefined);
  const { name, version } = manifest ?? {};
  // Ours are told apart by their version alone, like the rest of Tersor: a clone runs them from source or
  // built.
  const isFixed =
    version !== undefined && (name?.startsWith('@tersor/') || real.includes(`${sep}node_modules${sep}`));
  return { ...(version !== undefined && { version }), ...(!isFixed && { content: moduleContent(real) }) };
}

/** A module's file and those that it imports by a relative path, directly or not: absolute paths. */
export function moduleFiles(entry: string): string[] {
  return [...filesOf(entry).keys()];
}

/**
 * SHA-256 (hexadecimal) of a module's file and of those that it imports by a relative path, directly or not;
 * paths count from the module.
 */
export function moduleContent(entry: string): string {
  const hash = createHash('sha256');
  const named = [...filesOf(entry)].map(
    ([file, bytes]) => [relative(dirname(entry), file).replaceAll(sep, '/'), bytes] as const,
  );
  for (const [path, bytes] of named.sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  return hash.digest('hex');
}

function filesOf(entry: string): Map<string, Buffer> {
  const contents = new Map<string, Buffer>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (contents.has(file)) continue;
    const bytes = readFileSync(file);
    contents.set(file, bytes);
    for (const [, specifier] of bytes.toString('utf8').matchAll(RELATIVE_IMPORT)) {
      const imported = importedFile(resolve(dirname(file), specifier!));
      if (imported) waiting.push(imported);
    }
  }
  return contents;
}

function importedFile(path: string): string | undefined {
  const candidates = [...ENDINGS.map((ending) => `${path}${ending}`), path.replace(/js$/, 'ts')];
  return candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
}
