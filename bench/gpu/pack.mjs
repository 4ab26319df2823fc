// Packs what bench/gpu needs on a machine that has a GPU and its driver, Python with PyTorch, and nothing
// else: no Node, no network. Linux on x64.
//
//   node bench/gpu/pack.mjs FOLDER [--entry SCRIPT.ts ...]
//   bash FOLDER/run.sh FOLDER OUT                            (there)
//
// Every script becomes one file NAME.cjs; measure.ts always does. They find Dawn (the package
// `webgpu`) in FOLDER/node_modules; packages of ours are bundled, so a config's plugins must be given to
// `createHost` as `builtins`. Prints the bytes.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const MOST_BYTES = 60 * 2 ** 20;
const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
/** Where Debian and Ubuntu keep libraries. */
const SYSTEM = '/usr/lib/x86_64-linux-gnu';
/** Vulkan's loader, and what drivers for it load; a machine without a screen may have none of these. */
const LIBRARIES = [
  'libvulkan.so.1',
  ...['libEGL.so.1', 'libGL.so.1', 'libGLX.so.0', 'libGLdispatch.so.0', 'libOpenGL.so.0', 'libGLESv2.so.2'],
  ...[
    'libX11.so.6',
    'libXext.so.6',
    'libxcb.so.1',
    'libXau.so.6',
    'libXdmcp.so.6',
    'libbsd.so.0',
    'libmd.so.0',
  ],
  ...['libstdc++.so.6', 'libgcc_s.so.1'],
];

const { values, positionals } = parseArgs({
  options: { entry: { type: 'string', multiple: true, default: [] } },
  allowPositionals: true,
});
const folder = resolve(
  positionals[0] ?? fail('Usage: node bench/gpu/pack.mjs FOLDER [--entry SCRIPT.ts ...]'),
);
if (process.platform !== 'linux' || process.arch !== 'x64')
  fail('The folder is for Linux on x64, and so is made there.');
mkdirSync(folder, { recursive: true });

await build({
  entryPoints: [join(here, 'measure.ts'), ...values.entry.map((path) => resolve(path))],
  entryNames: '[name]',
  outdir: folder,
  outExtension: { '.js': '.cjs' },
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  conditions: ['tersor/source'],
  external: ['webgpu', '@tensorflow/tfjs-node', 'fs-native-extensions'],
  logLevel: 'warning',
  // tfjs calls files free of side effects that register its kernels.
  ignoreAnnotations: true,
  define: { 'import.meta.url': '__url', 'import.meta.filename': '__filename' },
  banner: {
    js:
      'const __url = require("node:url").pathToFileURL(__filename).href;' +
      'const __at = (path) => require("node:path").join(__dirname, path);',
  },
  plugins: [{ name: 'places', setup: keepPlaces }],
});
for (const name of readdirSync(folder).filter((file) => file.endsWith('.cjs')))
  execFileSync('xz', ['-f', '-2', join(folder, name)]);
copyFileSync(join(here, 'run.sh'), join(folder, 'run.sh'));
for (const path of ['bench/gpu/reference.py', ...manifests()]) {
  mkdirSync(join(folder, dirname(path)), { recursive: true });
  copyFileSync(join(root, path), join(folder, path));
}
const webgpu = join(root, 'node_modules/webgpu');
const dawn = join(folder, 'node_modules/webgpu');
mkdirSync(join(dawn, 'dist/linux-x64'), { recursive: true });
for (const name of ['index.js', 'package.json', 'LICENSE.md'])
  copyFileSync(join(webgpu, name), join(dawn, name));
pack(join(webgpu, 'dist/linux-x64/dawn.node'), 'dawn.node.xz');
pack(process.execPath, 'node.xz');
const libraries = LIBRARIES.filter((name) => existsSync(join(SYSTEM, name)));
if (!libraries.includes('libvulkan.so.1')) fail('There is no libvulkan.so.1: install libvulkan1.');
execFileSync('tar', ['-chJf', join(folder, 'lib.tar.xz'), '-C', SYSTEM, ...libraries]);

const bytes = sizeOf(folder);
console.log(`${folder}: ${(bytes / 2 ** 20).toFixed(1)} MiB`);
if (bytes > MOST_BYTES) fail(`More than ${MOST_BYTES / 2 ** 20} MiB.`);

/** Every module believes to be where it was, within the folder: packages of ours read their own manifests. */
function keepPlaces({ onLoad }) {
  onLoad({ filter: /\/(packages|plugins|bench)\/.*\.ts$/ }, async ({ path }) => ({
    loader: 'ts',
    contents: (await readFile(path, 'utf8'))
      .replace(/\b__dirname\b/g, `__at(${JSON.stringify(relative(root, dirname(path)))})`)
      .replace(/\b__filename\b/g, `__at(${JSON.stringify(relative(root, path))})`),
  }));
}

function manifests() {
  return ['packages', 'plugins'].flatMap((kind) =>
    readdirSync(join(root, kind))
      .map((name) => join(kind, name, 'package.json'))
      .filter((path) => existsSync(join(root, path))),
  );
}

/** Compresses a program without its symbols; what is packed already stays. */
function pack(path, name) {
  const to = join(folder, name);
  if (existsSync(to) && statSync(to).mtimeMs > statSync(path).mtimeMs) return;
  const work = mkdtempSync(join(tmpdir(), 'tersor-pack-'));
  try {
    const stripped = join(work, basename(path));
    execFileSync('strip', ['-o', stripped, path]);
    execFileSync('xz', ['-6', '-T2', stripped]);
    copyFileSync(`${stripped}.xz`, to);
  } finally {
    rmSync(work, { recursive: true });
  }
}

function sizeOf(path) {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

function fail(text) {
  console.error(text);
  process.exit(1);
}
