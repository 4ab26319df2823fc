import { dirname, join } from 'node:path';
import { namedByConfig, requireUnharmed } from '@tersor/compression';
import { compressConfigSchema, readConfig } from '@tersor/core';
import { overridesOf, type StudyPlan } from './study-plan.js';
import type { Settings } from './variant.js';

/** Files and folders that a study writes. */
const WRITTEN = [
  ...['study.json', 'command.json', 'results.json', 'report.html', 'trials'],
  ...['results.csv', 'results.parquet', 'episodes.csv', 'episodes.parquet'],
];

/**
 * Throws `CONFIG_INVALID` if a study would overwrite its inputs: its own file, the base config, or a file
 * that a trial's config names.
 * @param folder folder that the study is written to
 * @param path file that the study was read from
 */
export async function requireUnharmedInputs(
  folder: string,
  { configPath, trials }: StudyPlan,
  path: string,
): Promise<void> {
  const precious = [
    { name: 'the study', path },
    { name: 'the base config', path: configPath },
  ];
  // Trials that differ only in their seed name the same files.
  const named = new Map<string, { name: string; path: string }>();
  const variants = new Set(trials.map(({ settings: { seed: _seed, ...varied } }) => JSON.stringify(varied)));
  for (const variant of variants) {
    const config = await readConfig(
      configPath,
      compressConfigSchema,
      overridesOf(JSON.parse(variant) as Settings),
    );
    for (const each of await namedByConfig(config, { directory: dirname(configPath) }))
      named.set(each.path, each);
  }
  await requireUnharmed(
    WRITTEN.map((name) => join(folder, name)),
    [...precious, ...named.values()],
  );
}
