import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pluginFiles } from './plugin-files.js';
import type { PluginRequest } from './plugin-request.js';

/** Writes a new plugin into a folder; resolves to the paths written, within it. Throws an `Error` for a folder that is not empty. */
export async function writePlugin(request: PluginRequest, folder: string): Promise<string[]> {
  const present = await readdir(folder).catch(() => []);
  if (present.length > 0) throw new Error(`The folder ${folder} exists and is not empty.`);
  const files = Object.entries(pluginFiles(request));
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return files.map(([path]) => path);
}
