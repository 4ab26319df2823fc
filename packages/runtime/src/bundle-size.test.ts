import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Bundles the package the way a page would, tfjs left out, and gives the minified code. */
function bundle(): string {
  const esbuild = join(createRequire(__filename).resolve('esbuild/package.json'), '../bin/esbuild');
  return execFileSync(
    esbuild,
    [
      join(__dirname, 'index.ts'),
      '--bundle',
      '--minify',
      '--format=esm',
      '--platform=browser',
      '--target=es2022',
      '--external:@tensorflow/*',
      '--conditions=tersor/source',
    ],
    { encoding: 'utf8' },
  );
}

it('is below 20 kB minified and gzipped, without tfjs, and depends on nothing else', () => {
  const code = bundle();
  expect(gzipSync(code, { level: 9 }).length).toBeLessThan(20_000);
  const imports = [...code.matchAll(/from\s*"([^"]+)"/g)].map(([, name]) => name);
  expect(imports.every((name) => name!.startsWith('@tensorflow/tfjs-'))).toBe(true);
});
