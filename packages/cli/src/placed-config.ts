import { dirname, resolve } from 'node:path';
import { compressConfigSchema, readConfig, type CompressConfig, type Override } from '@tersor/core';

/** A config, and where what it names is. */
export interface PlacedConfig {
  readonly config: CompressConfig;
  /** Folder that relative paths and plugins of the config start from; absolute. */
  readonly directory: string;
  /** File that it was read from; absent for one that a run recorded. */
  readonly file?: string;
}

/**
 * Reads the config of a compression. `directory` is where its paths start from, instead of its own folder.
 * Throws `CONFIG_NOT_FOUND` and `CONFIG_INVALID`.
 */
export async function placedConfig(
  file: string,
  {
    set,
    directory = dirname(file),
  }: { readonly set: readonly Override[]; readonly directory?: string | undefined },
): Promise<PlacedConfig> {
  return { config: await readConfig(file, compressConfigSchema, set), directory: resolve(directory), file };
}
