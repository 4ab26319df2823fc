// node tools/module-entries.mjs, the second half of `npm run build`: what ES modules and bundlers import.
//
// Every package is compiled to CommonJS once. For ES modules it gets dist/index.mjs, which hands the names of
// that one build on: a program with both kinds of modules has one copy of core's state. The runtime, which
// pages load, is compiled to ES modules besides, so that bundlers leave out what a page does not use, and
// into single files.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { publicPackages, root } from './packages.mjs';
import { bundleRuntime } from './runtime-bundles.mjs';

const require = createRequire(import.meta.url);
const runtime = join(root, 'packages/runtime');
const modules = join(runtime, 'dist/esm');

for (const { folder } of publicPackages()) writeEntry(join(folder, 'dist'));
const compiler = [require.resolve('typescript/bin/tsc'), '-p', join(runtime, 'tsconfig.esm.json')];
if (spawnSync(process.execPath, compiler, { stdio: 'inherit' }).status !== 0) process.exit(1);
writeFileSync(
  join(modules, 'package.json'),
  `${JSON.stringify({ type: 'module', sideEffects: ['./*.min.js'] })}\n`,
);
await bundleRuntime(modules);
// A library that one of the packages loaded may hold the process.
process.exit();

/** dist/index.mjs and its types: the exports of dist/index.js by their names, its default as the default. */
function writeEntry(dist) {
  const exported = Object.keys(require(join(dist, 'index.js')));
  const names = exported.filter((name) => name !== 'default').sort();
  const code = ["import commonJs from './index.js';"];
  if (names.length > 0) code.push(`export const { ${names.join(', ')} } = commonJs;`);
  const types = ["export * from './index.js';"];
  if (exported.includes('default')) {
    code.push('export default commonJs.default;');
    types.push("import commonJs from './index.js';", 'declare const own: typeof commonJs.default;');
    types.push('export default own;');
  }
  writeFileSync(join(dist, 'index.mjs'), `${code.join('\n')}\n`);
  writeFileSync(join(dist, 'index.d.mts'), `${types.join('\n')}\n`);
}
