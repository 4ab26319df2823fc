// node tools/runtime-bundles.mjs FOLDER: the runtime as single files for a <script type="module">, from its
// sources.
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { root } from './packages.mjs';

const runtime = join(root, 'packages/runtime');
/** The tfjs of a page's own <script>. */
const globalTf = './bundle/global-tf.cjs';

/** Writes runtime.min.js, without tfjs, and runtime.tfjs.min.js, with it. */
export async function bundleRuntime(folder) {
  const write = (entry, file, alias) =>
    build({
      absWorkingDir: runtime,
      entryPoints: [join('bundle', entry)],
      outfile: join(folder, file),
      alias,
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      legalComments: 'none',
      banner: { js: '/* @tersor/runtime, Apache-2.0 */' },
      logLevel: 'warning',
    });
  await write('without-tfjs.js', 'runtime.min.js', {
    '@tensorflow/tfjs-core': globalTf,
    '@tensorflow/tfjs-layers': globalTf,
  });
  await write('with-tfjs.js', 'runtime.tfjs.min.js', {});
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv[2]) throw new Error('usage: node tools/runtime-bundles.mjs FOLDER');
  await bundleRuntime(resolve(process.argv[2]));
}
