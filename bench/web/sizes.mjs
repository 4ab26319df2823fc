// What a page pays for @tersor/runtime, measured on the packed package as a project has it: writes
// bench/web/results/sizes.json, which docs/guide/web.md and browser.md show by `npm run pages`.
//
//   npm run build && node bench/web/sizes.mjs
//
// Each entry is what a page imports, bundled by esbuild and by Vite, minified; gzip at its highest level. What is
// fetched only where it is used (the worker's script; the inflater of platforms that have none) is counted apart,
// as `later`.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build as esbuild, version as esbuildVersion } from 'esbuild';
import { build as vite, version as viteVersion } from 'vite';
import { packAll, publicPackages, root } from '../../tools/packages.mjs';

const RESULTS = join(root, 'bench/web/results/sizes.json');
const TFJS = ['core', 'layers', 'backend-wasm'].map((name) => `@tensorflow/tfjs-${name}@4.22.0`);
/** What a page imports; `own` leaves tfjs out, to see what of it is the runtime's. */
const ENTRIES = [
  { id: 'decode', what: 'decodeArtifact', code: "export { decodeArtifact } from '@tersor/runtime';" },
  {
    id: 'load',
    what: 'loadModel, tfjs not counted',
    code: "export { loadModel } from '@tersor/runtime';",
    own: true,
  },
  {
    id: 'page',
    what: 'loadModel, with tfjs on wasm',
    code: `import '@tensorflow/tfjs-backend-wasm';
      export { setBackend } from '@tensorflow/tfjs-core';
      export { loadModel } from '@tersor/runtime';`,
  },
  {
    id: 'required',
    what: 'decodeArtifact from the CommonJS build',
    code: "export const decode = (bytes) => require('@tersor/runtime').decodeArtifact(bytes);",
  },
];

const work = mkdtempSync(join(tmpdir(), 'tersor-sizes-'));
try {
  const tarball = packAll(join(work, 'tarballs'), publicPackages().filter(isRuntime)).get('@tersor/runtime');
  writeFileSync(join(work, 'package.json'), '{ "private": true, "type": "module" }');
  const install = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'];
  execFileSync('npm', [...install, tarball, ...TFJS], { cwd: work, stdio: 'ignore' });
  const pages = [];
  for (const { id, what, code, own = false } of ENTRIES) {
    const entry = join(work, `${id}.js`);
    writeFileSync(entry, code);
    const external = own ? ['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers'] : [];
    const byVite = id === 'required' ? {} : { vite: sizes(await bundledByVite(entry, external)) };
    const later = byVite.vite?.later ?? 0;
    pages.push({ id, what, esbuild: sizes(await bundledByEsbuild(entry, external)), ...byVite, later });
  }
  for (const { vite } of pages) delete vite?.later;
  for (const { esbuild } of pages) delete esbuild.later;
  const modules = join(work, 'node_modules/@tersor/runtime/dist/esm');
  const files = ['runtime.min.js', 'runtime.tfjs.min.js'].map((file) => ({
    file,
    ...sizes([{ name: file, code: readFileSync(join(modules, file), 'utf8') }]),
    later: undefined,
  }));
  const result = { esbuild: esbuildVersion, vite: viteVersion, tfjs: '4.22.0', pages, files };
  mkdirSync(dirname(RESULTS), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify(result, undefined, 2)}\n`);
  console.log(JSON.stringify(result, undefined, 2));
} finally {
  rmSync(work, { recursive: true, force: true });
}

function isRuntime({ manifest }) {
  return manifest.name === '@tersor/runtime';
}

/**
 * Bytes of the minified files that a page loads at its start, and whether tfjs is in them: its engine says what
 * it found in place of a backend. The first file is the entry.
 */
function sizes(files) {
  const atStart = withImports(files, files[0]);
  const code = atStart.map((file) => file.code).join('');
  const tfjs = code.includes('No backend found in registry') ? 'yes' : 'no';
  const later = files.filter((file) => !atStart.includes(file)).map((file) => gzipped(file.code));
  return {
    bytes: Buffer.byteLength(code),
    gzip: atStart.reduce((sum, file) => sum + gzipped(file.code), 0),
    tfjs,
    later: later.reduce((sum, bytes) => sum + bytes, 0),
  };
}

function gzipped(code) {
  return gzipSync(code, { level: 9 }).length;
}

/** A file and those that it imports at once, each once. */
function withImports(files, file, found = []) {
  if (!file || found.includes(file)) return found;
  found.push(file);
  for (const [, path] of file.code.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g))
    withImports(
      files,
      files.find(({ name }) => basename(name) === basename(path)),
      found,
    );
  return found;
}

async function bundledByEsbuild(entry, external) {
  const options = { bundle: true, minify: true, format: 'esm', platform: 'browser', target: 'es2022' };
  const made = await esbuild({
    ...options,
    entryPoints: [entry],
    external,
    write: false,
    splitting: true,
    outdir: work,
    legalComments: 'none',
  });
  const files = made.outputFiles.map(({ path, text }) => ({ name: path, code: text }));
  const isEntry = ({ name }) => basename(name) === basename(entry);
  return [...files.filter(isEntry), ...files.filter((file) => !isEntry(file))];
}

async function bundledByVite(entry, external) {
  const made = await vite({
    root: work,
    configFile: false,
    logLevel: 'error',
    build: {
      target: 'es2022',
      write: false,
      modulePreload: false,
      rollupOptions: { input: entry, external, preserveEntrySignatures: 'strict' },
    },
    esbuild: { legalComments: 'none' },
  });
  return made.output
    .filter(({ code }) => code)
    .sort((a, b) => Number(b.isEntry ?? false) - Number(a.isEntry ?? false))
    .map(({ fileName, code }) => ({ name: fileName, code }));
}
