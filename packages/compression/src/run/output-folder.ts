import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CompressConfig } from '@tersor/core';
import type { OpenOptions } from '@tersor/network';
import { CONFIG_FOLDER } from './config-folder.js';
import {
  namedByConfig,
  requireOwnJson,
  requireReplaceable,
  requireUnharmed,
  type Precious,
} from './output-guard.js';

/** Folders of a compression's results, replaced as a whole. */
const FOLDERS = ['model', 'pruned'];
const FILES = [
  'model.tersor',
  'summary.json',
  'policy.json',
  'episodes.jsonl',
  'layers.json',
  'outcomes.json',
  'report.html',
  CONFIG_FOLDER,
];
const STAGING = '.partial-';

/** Where a run puts its results together before they move into the output folder. */
export function stagingFolder(output: string): string {
  return join(output, `${STAGING}${process.pid}`);
}

/** Removes what runs that were killed had put together. For the one that holds the folder's lock. */
export async function sweepStaging(output: string): Promise<void> {
  const left = (await readdir(output)).filter((name) => name.startsWith(STAGING));
  for (const name of left) await rm(join(output, name), { recursive: true, force: true });
}

/**
 * Throws `CONFIG_INVALID` where the results of a compression would replace what it reads (the model, data,
 * tables, plugins, `alsoRead`), or a folder that no compression has written.
 * @param options.directory what paths of the config start from
 */
export async function requireFreeOutput(
  config: CompressConfig,
  {
    output,
    alsoRead = [],
    ...places
  }: OpenOptions & {
    readonly output: string;
    readonly directory: string;
    readonly alsoRead?: readonly Precious[];
  },
): Promise<void> {
  const folders = [...FOLDERS, 'checkpoint'].map((name) => join(output, name));
  const precious = [...(await namedByConfig(config, places)), ...alsoRead];
  await requireUnharmed([...folders, ...FILES.map((name) => join(output, name))], precious);
  for (const name of FOLDERS) await requireReplaceable(join(output, name));
  await requireOwnJson(join(output, 'summary.json'), (json) => 'baseline' in json);
}
