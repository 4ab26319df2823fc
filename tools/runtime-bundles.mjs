// node tools/runtime-bundles.mjs FOLDER: the runtime as single files for a <script type="module">, and the worker
// that decodes, from its sources. Without a folder: writes packages/runtime/src/worker/decode-worker-source.ts anew.
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { root } from './packages.mjs';

const runtime = join(root, 'packages/runtime');
/** The tfjs of a page's own <script>. */
const globalTf = './bundle/global-tf.cjs';

const MINIFIED = {
  bundle: true,
  minify: true,
  platform: 'browser',
  target: 'es2022',
  legalComments: 'none',
  banner: { js: '/* @tersor/runtime, Apache-2.0 */' },
  logLevel: 'warning',
};
/** What is different in the single files, by the end of what their sources import. */
const IN_SINGLE_FILES = { fflate: 'no-fflate.js', '/decode-worker-source.js': 'own-worker-source.js' };

const ownParts = {
  name: 'own-parts',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^fflate$|\/decode-worker-source\.js$/ }, ({ path }) => {
      const [, file] = Object.entries(IN_SINGLE_FILES).find(([end]) => path.endsWith(end));
      return { path: join(runtime, 'bundle', file) };
    }),
};

/** Writes runtime.min.js, without tfjs, runtime.tfjs.min.js, with it, and decode-worker.min.js. */
export async function bundleRuntime(folder) {
  const write = (entry, file, alias) =>
    build({
      absWorkingDir: runtime,
      entryPoints: [join('bundle', entry)],
      outfile: join(folder, file),
      alias,
      plugins: [ownParts],
      format: 'esm',
      ...MINIFIED,
    });
  await write('without-tfjs.js', 'runtime.min.js', {
    '@tensorflow/tfjs-core': globalTf,
    '@tensorflow/tfjs-layers': globalTf,
  });
  await write('with-tfjs.js', 'runtime.tfjs.min.js', {});
  writeFileSync(join(folder, 'decode-worker.min.js'), await workerCode());
}

/** The decoder as the script of a worker; a page without DecompressionStream starts none. */
async function workerCode() {
  const made = await build({
    absWorkingDir: runtime,
    entryPoints: ['src/worker/decode-worker.ts'],
    format: 'iife',
    external: ['fflate'],
    write: false,
    ...MINIFIED,
  });
  return made.outputFiles[0].text;
}

/** The text of packages/runtime/src/worker/decode-worker-source.ts. */
export async function workerModule() {
  const lines = (await workerCode()).match(/[^]{1,90}/g).map((line) => `  ${JSON.stringify(line)},`);
  return `// Made by \`node tools/runtime-bundles.mjs\` from decode-worker.ts; a test holds it equal to that.
/** The script of the worker that decodes. */
export const decodeWorkerSource = [
${lines.join('\n')}
].join('');
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2]) await bundleRuntime(resolve(process.argv[2]));
  else writeFileSync(join(runtime, 'src/worker/decode-worker-source.ts'), await workerModule());
}
