import { dirname, join } from 'node:path';
import { namedByConfig, requireUnharmed } from '@tersor/compression';
import { compressConfigSchema, readConfig } from '@tersor/core';
import { overridesOf, type StudyPlan } from './study-plan.js';
import type { Settings } from './variant.js';

/** What a study writes into its folder. */
const WRITTEN = [
  ...['study.json', 'command.json', 'results.json', 'report.html', 'trials'],
  ...['results.csv', 'results.parquet', 'episodes.csv', 'episodes.parquet'],
];

/**
 * Throws `CONFIG_INVALID` where a study would write over what it reads: its own file, the base config, or
 * what any trial's config names.
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
  // Trials differ in a few settings; what several name is looked at once.
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
