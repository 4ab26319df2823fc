// The packages that are published, and how they are packed: shared by the scripts of this folder.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Folder and manifest of every public package. */
export function publicPackages() {
  return ['packages', 'plugins']
    .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) }))
    .filter(({ manifest }) => !manifest.private);
}

/** Packs every public package, or those given, into `target`; gives the tarball of each by name. */
export function packAll(target, packages = publicPackages()) {
  mkdirSync(target, { recursive: true });
  const tarballs = new Map();
  for (const { folder, manifest } of packages) {
    if (!existsSync(join(folder, 'dist/index.mjs')))
      throw new Error(`${manifest.name} has no dist/index.mjs: run npm run build first.`);
    const output = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', target], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    tarballs.set(manifest.name, join(target, JSON.parse(output)[0].filename));
  }
  return tarballs;
}

/** Runs a command, showing its output; throws when it fails. */
export function run(command, args, options = {}) {
  execFileSync(command, args, { stdio: 'inherit', cwd: root, ...options });
}
