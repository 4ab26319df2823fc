import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { messageOf, TersorError } from '@tersor/core';
import { ENHANCE, PAGE_STYLE } from '@tersor/study';

interface PageFile {
  readonly body: string;
  readonly type: string;
}

/** The files of the page by path, and the page itself for every other path. */
export interface PageFiles {
  get(path: string): PageFile;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** Inserted before the page's own style and script, which build on it. */
const REPORT = '<link rel="stylesheet" href="/report.css"><script src="/report.js"></script>';

/**
 * Reads the built page, and adds the style and script of reports for charts and tables. Throws
 * `CONFIG_NOT_FOUND` if it was not built.
 */
export async function readPageFiles(folder: string): Promise<PageFiles> {
  const files = new Map<string, PageFile>();
  try {
    for (const name of await readdir(folder, { recursive: true })) {
      const type = TYPES[extname(name)];
      if (type)
        files.set(`/${name.replaceAll('\\', '/')}`, {
          type,
          body: await readFile(join(folder, name), 'utf8'),
        });
    }
    const page = files.get('/index.html');
    if (!page) throw new Error('index.html is missing.');
    const whole = { ...page, body: page.body.replace('<title>', `${REPORT}<title>`) };
    files.set('/index.html', whole);
    files.set('/report.css', { type: TYPES['.css']!, body: PAGE_STYLE });
    files.set('/report.js', { type: TYPES['.js']!, body: `window.enhance = ${ENHANCE};\n` });
    return { get: (path) => files.get(path) ?? whole };
  } catch (cause) {
    throw new TersorError('CONFIG_NOT_FOUND', `The page was not built: ${messageOf(cause)}`, {
      cause,
      hint: 'In a clone of the repository, run: npm run build',
    });
  }
}
