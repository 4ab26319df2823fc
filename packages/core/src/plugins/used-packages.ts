import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findPackage, foldersUp, readManifest, type Manifest } from './module-resolution.js';

/** A package that a project uses. */
export interface UsedPackage {
  readonly name: string;
  /** Its package.json; undefined where it is not installed. */
  readonly manifest: Manifest | undefined;
}

/**
 * Packages that the projects of some folders (the user's, or ours) depend on, and those that such packages
 * bring along where they are made for Tersor. A package may be named twice.
 */
export function usedPackages(directories: readonly string[]): UsedPackage[] {
  return [...new Set(directories.flatMap(foldersUp))].flatMap((folder) =>
    dependencyNames(readManifest(folder)).flatMap((name) => {
      const root = findPackage(name, folder);
      const manifest = root === undefined ? undefined : readManifest(root);
      if (root === undefined || !isForTersor(manifest)) return [{ name, manifest }];
      const brought = dependencyNames(manifest).map((each) => {
        const at = findPackage(each, root);
        return { name: each, manifest: at === undefined ? undefined : readManifest(at) };
      });
      return [{ name, manifest }, ...brought];
    }),
  );
}

/**
 * Packages of our own scope that a module in one of some folders could import, whoever brought them: a
 * program that uses the library need not name each in its package.json.
 */
export function importablePackages(directories: readonly string[]): UsedPackage[] {
  return [...new Set(directories.flatMap(foldersUp))].flatMap((folder) => {
    const scope = join(folder, 'node_modules', SCOPE);
    return namesIn(scope).map((name) => ({
      name: `${SCOPE}/${name}`,
      manifest: readManifest(join(scope, name)),
    }));
  });
}

/** The scope that our packages are published in. */
const SCOPE = '@tersor';

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Plugins that a package says are in it, as `kind/id`: `"tersor": { "plugins": ["agent/random"] }`. */
export function statedPlugins(manifest: Manifest | undefined): readonly string[] {
  const plugins: unknown = manifest?.tersor?.plugins;
  return Array.isArray(plugins) ? plugins.filter((each) => typeof each === 'string') : [];
}

function isForTersor(manifest: Manifest | undefined): boolean {
  return dependencyNames(manifest).includes('@tersor/core');
}

function dependencyNames(manifest: Manifest | undefined): string[] {
  const { dependencies, devDependencies, peerDependencies } = manifest ?? {};
  return Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
}
