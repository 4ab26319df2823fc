// npm run docs:build: the API reference by TypeDoc, then the site by VitePress, which fails on a dead link, then
// the demo page, which becomes demo/ of the site. The result is docs/.vitepress/dist.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './packages.mjs';

requirePages();
run('npx', ['typedoc', '--options', 'docs/.vitepress/typedoc.json']);
run('npx', ['vitepress', 'build', 'docs']);
const prepare = [
  '--conditions=tersor/source',
  '--import',
  'tsx',
  'examples/browser/prepare.ts',
  '--published',
];
run(process.execPath, prepare);
run('npx', [
  'vite',
  'build',
  'examples/browser',
  '--outDir',
  join(root, 'docs/.vitepress/dist/demo'),
  '--logLevel',
  'warn',
]);

/**
 * One page per plugin: a plugin without one is a mistake of the build, not a gap. A link to a page that isn't
 * there fails in VitePress.
 */
function requirePages() {
  const rows = readFileSync(join(root, 'docs/plugins/index.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && line.includes('`@tersor/'));
  const missing = readdirSync(join(root, 'plugins')).filter(
    (name) => !rows.some((row) => row.includes(`\`@tersor/${name}\``)),
  );
  if (missing.length > 0) throw new Error(`docs/plugins/index.md has no row for ${missing.join(', ')}`);
  const bare = rows.filter((row) => !/\]\([^)]+\.md\) \|$/.test(row));
  if (bare.length > 0) throw new Error(`docs/plugins/index.md has rows without a page:\n${bare.join('\n')}`);
}
