import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folder of the repository. */
export const root = join(__dirname, '../../..');

/** The pages that people write: paths of Markdown files from the root. */
export function pagesOf(): string[] {
  return filesOf('*.md').filter((page) => !/^(docs\/api-reports|\.changeset)\//.test(page));
}

/** The files that a clone has of a folder or a pattern: paths from the root. */
export function filesOf(pattern: string): string[] {
  return execFileSync('git', ['ls-files', pattern], { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n')
    .filter((path) => existsSync(join(root, path)));
}

/** What a page says. */
export function textOf(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}
