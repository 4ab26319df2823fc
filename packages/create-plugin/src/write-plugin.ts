import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pluginFiles } from './plugin-files.js';
import type { PluginRequest } from './plugin-request.js';

/**
 * Writes a new plugin into a folder; resolves to the paths written, within it. Throws an `Error` for a folder
 * that is not empty.
 */
export async function writePlugin(request: PluginRequest, folder: string): Promise<string[]> {
  const present = await readdir(folder).catch(() => []);
  if (present.length > 0) throw new Error(`The folder ${folder} exists and is not empty.`);
  const files = Object.entries(pluginFiles(request));
  for (const [path, text] of files) {
    await makeFolder(dirname(resolve(folder, path)));
    await writeFile(join(folder, path), text);
  }
  return files.map(([path]) => path);
}

/**
 * One call per folder: Node's `mkdir` with `recursive` never returns below `/proc`. This package has no
 * dependencies, so core's own is not used.
 */
async function makeFolder(folder: string): Promise<void> {
  if (await stat(folder).catch(() => undefined)) return;
  await makeFolder(dirname(folder));
  await mkdir(folder);
}
