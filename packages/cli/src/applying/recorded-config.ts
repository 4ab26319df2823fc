import { readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { readConfigFolder } from '@tersor/compression';
import {
  compressConfigSchema,
  isFolder,
  isRecord,
  reviseConfig,
  TersorError,
  type Override,
} from '@tersor/core';
import type { PlacedConfig } from '../placed-config.js';

const GIVE_CONFIG = 'Give the config that it was made with, with --config.';
const GIVE_FOLDER =
  'Say with --directory which folder its paths start from now, or give a config with --config.';

/**
 * The config that a run recorded, with overrides. Says which folder its paths start from: `directory`, or
 * else where the run's config was. Throws `CONFIG_NOT_FOUND` if the run does not tell, or if that folder is
 * gone, and `CONFIG_INVALID`.
 */
export async function recordedConfig(
  folder: string,
  { set, directory }: { readonly set: readonly Override[]; readonly directory?: string | undefined },
): Promise<PlacedConfig> {
  const path = join(folder, 'summary.json');
  const recorded: unknown = await readFile(path, 'utf8')
    .then((text) => (JSON.parse(text) as { config?: unknown }).config)
    .catch(() => undefined);
  if (!isRecord(recorded))
    throw missing(`${folder} does not hold the config of a run (summary.json).`, GIVE_CONFIG);
  const start = directory === undefined ? await readConfigFolder(folder) : resolve(directory);
  if (start === undefined)
    throw missing(`${folder} does not say which folder the paths of its config start from.`, GIVE_FOLDER);
  if (!(await isFolder(start)))
    throw missing(
      `The paths in the config of ${folder} start from ${start}, which is not there.`,
      GIVE_FOLDER,
    );
  const config = reviseConfig(recorded, `"config" in ${path}`, compressConfigSchema, set);
  process.stderr.write(
    `note: this uses the config of ${relative('', folder) || '.'}; its paths start from ${start}.\n`,
  );
  return { config, directory: start };
}

function missing(message: string, hint: string): TersorError {
  return new TersorError('CONFIG_NOT_FOUND', message, { hint });
}
