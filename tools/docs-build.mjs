// npm run docs:build: the API reference by TypeDoc, then the site by VitePress, which fails on a dead link. The result is docs/.vitepress/dist.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './packages.mjs';

requirePages();
run('npx', ['typedoc', '--options', 'docs/.vitepress/typedoc.json']);
run('npx', ['vitepress', 'build', 'docs']);

/** One page per plugin package: a plugin without one is a mistake of the build, not a gap. */
function requirePages() {
  const index = readFileSync(join(root, 'docs/plugins/index.md'), 'utf8');
  const missing = readdirSync(join(root, 'plugins')).filter((name) => !index.includes(name));
  if (missing.length > 0) throw new Error(`docs/plugins/index.md does not name ${missing.join(', ')}`);
}
