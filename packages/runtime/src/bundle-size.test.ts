import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Bundles what a page imports of the package as it would, tfjs left out, and gives the minified code. */
function bundle(names = '*'): string {
  const esbuild = join(createRequire(__filename).resolve('esbuild/package.json'), '../bin/esbuild');
  return execFileSync(
    esbuild,
    [
      '--bundle',
      '--minify',
      '--format=esm',
      '--platform=browser',
      '--target=es2022',
      '--external:@tensorflow/*',
      '--conditions=tersor/source',
    ],
    { encoding: 'utf8', cwd: __dirname, input: `export ${names} from './index.js';` },
  );
}

it('is below 20 kB minified and gzipped, without tfjs, and depends on nothing else', () => {
  const code = bundle();
  expect(gzipSync(code, { level: 9 }).length).toBeLessThan(20_000);
  const imports = [...code.matchAll(/from\s*"([^"]+)"/g)].map(([, name]) => name);
  expect(imports.every((name) => name!.startsWith('@tensorflow/tfjs-'))).toBe(true);
});

it('leaves tfjs out of a page that only decodes', () => {
  const code = bundle('{ decodeArtifact }');
  expect(code).toContain('ARTIFACT_CORRUPT');
  expect(code).not.toContain('@tensorflow');
});
