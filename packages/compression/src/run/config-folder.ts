import { readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';

/**
 * Name of the file in a run's folder that says which folder the paths of its config start from. It is of this
 * machine: what takes results elsewhere leaves it out.
 */
export const CONFIG_FOLDER = 'config-folder.json';

/**
 * Writes the file into `place`: the way from `output`, the folder where it will lie, so that a project and
 * its results may move together.
 */
export async function writeConfigFolder(
  place: string,
  { output, directory }: { readonly output: string; readonly directory: string },
): Promise<void> {
  const way = relative(resolve(output), resolve(directory)).replaceAll(sep, '/');
  await writeFile(join(place, CONFIG_FOLDER), `${JSON.stringify({ directory: way || '.' })}\n`);
}

/**
 * The folder that the paths of a run's config start from, absolute; undefined where the run's folder does not
 * tell, as that of an earlier version.
 */
export async function readConfigFolder(folder: string): Promise<string | undefined> {
  try {
    const { directory } = JSON.parse(await readFile(join(folder, CONFIG_FOLDER), 'utf8')) as {
      directory?: unknown;
    };
    return typeof directory === 'string' ? resolve(folder, directory) : undefined;
  } catch {
    return undefined;
  }
}
