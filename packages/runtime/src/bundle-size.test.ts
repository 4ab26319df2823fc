import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/**
 * Bundles what a page imports of the package as it would, tfjs left out, and gives the minified code that the
 * page loads at its start: what it imports only when it needs it is in files of its own.
 */
function bundle(names = '*'): string {
  const esbuild = join(createRequire(__filename).resolve('esbuild/package.json'), '../bin/esbuild');
  const folder = mkdtempSync(join(tmpdir(), 'tersor-bundle-'));
  try {
    execFileSync(
      esbuild,
      [
        '--bundle',
        '--minify',
        '--format=esm',
        '--splitting',
        `--outdir=${folder}`,
        '--platform=browser',
        '--target=es2022',
        '--external:@tensorflow/*',
        '--conditions=tersor/source',
      ],
      { encoding: 'utf8', cwd: __dirname, input: `export ${names} from './index.js';`, stdio: 'pipe' },
    );
    const withImports = (file: string): string => {
      const code = readFileSync(join(folder, file), 'utf8');
      const own = [...code.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)].map(([, name]) => name!);
      return [...own.map(withImports), code].join('');
    };
    return withImports('stdin.js');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

it('is below 20.6 kB minified and gzipped, without tfjs, and depends on nothing else', () => {
  const code = bundle();
  expect(gzipSync(code, { level: 9 }).length).toBeLessThan(20_600);
  const imports = [...code.matchAll(/from\s*"([^"]+)"/g)].map(([, name]) => name);
  expect(imports.every((name) => /^(@tensorflow\/tfjs-|\.\/)/.test(name!))).toBe(true);
  expect(imports.length).toBeGreaterThan(1);
});

it('leaves tfjs out of a page that only decodes', () => {
  const code = bundle('{ decodeArtifact }');
  expect(code).toContain('ARTIFACT_CORRUPT');
  expect(code).not.toContain('@tensorflow');
});

it('loads the inflater of other platforms, and the script of the worker, only where they are used', () => {
  const code = bundle();
  expect(code).not.toContain('unexpected EOF');
  expect(code).not.toContain('@tersor/runtime, Apache-2.0');
});
