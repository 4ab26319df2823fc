#!/usr/bin/env node
// No page has more than 600 words of prose, so that it is read: npm run prose:check
// Code, tables and comments don't count. Pages of reference, which nobody reads from end to end, are left out.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const MOST = 600;
const REFERENCE = [
  'docs/architecture.md',
  'docs/errors.md',
  'docs/format.md',
  'docs/guide/plugins-contracts.md', // a rule and its anchor for each thing that the kit tests
  'docs/plugins/onnx-operators.md',
];

const root = new URL('..', import.meta.url);
const files = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', 'docs/**.md', 'README.md'],
  { cwd: root, encoding: 'utf8' },
);
const long = files
  .trim()
  .split('\n')
  .filter((page) => !page.startsWith('docs/api-reports/') && !REFERENCE.includes(page))
  .map((page) => ({ page, words: proseWords(readFileSync(new URL(page, root), 'utf8')) }))
  .filter(({ words }) => words > MOST);
for (const { page, words } of long)
  console.error(`${page} has ${words} words of prose; ${MOST} are the most`);
if (long.length > 0) {
  console.error('Split the page, move what is looked up into a page of reference, or say it in fewer words.');
  process.exitCode = 1;
}

/** Words outside of code, tables and comments. */
function proseWords(text) {
  return text
    .replace(/<!--.*?-->/gs, '')
    .replace(/```.*?```/gs, '')
    .replace(/^\|.*$/gm, '')
    .split(/\s+/)
    .filter(Boolean).length;
}
