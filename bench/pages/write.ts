// Fills the figures of the README, the home page, docs/benchmarks, docs/guide, docs/backends, docs/agents
// and docs/decisions from the committed results: npm run pages [-- --check]
// With --check nothing is written: ends with 1 where a page or a chart is not what the results say.
import { mkdirSync, readdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fillPage } from './fill.js';
import { root } from './results.js';

const images = join(root, 'docs/images/benchmarks');
const check = process.argv.includes('--check');
const stale: string[] = [];
mkdirSync(images, { recursive: true });

const home = join(root, 'docs/index.md');
const readme = join(root, 'README.md');
const pages = ['docs/benchmarks', 'docs/guide', 'docs/backends', 'docs/agents', 'docs/decisions'].flatMap(
  pagesIn,
);
for (const path of [readme, home, ...pages]) {
  const before = readFileSync(path, 'utf8');
  const after = fillPage(before, (image, svg) => {
    keep(join(images, `${image}.svg`), svg);
    return `${folderOf(path)}/images/benchmarks/${image}.svg`;
  });
  keep(path, after);
}
if (stale.length > 0) {
  console.error(stale.join('\n'));
  console.error('Run npm run pages, and read what changed.');
  process.exitCode = 1;
}

/** Where the folder docs lies, from a page. */
function folderOf(path: string): string {
  if (path === readme) return 'docs';
  return path === home ? '.' : '..';
}

function pagesIn(folder: string): string[] {
  const files = readdirSync(join(root, folder)).filter((file) => file.endsWith('.md'));
  return files.map((file) => join(root, folder, file));
}

function keep(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  if (check) stale.push(`${path.slice(root.length + 1)} is not what the results say`);
  else writeFileSync(path, text);
}
