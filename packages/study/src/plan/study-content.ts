import { contentChanges } from '@tersor/compression';
import type { CompressConfig, RunIdentity } from '@tersor/core';
import type { StudyPlan } from './study-plan.js';

/**
 * Identifies what the results of a config come from, by content and version: model, data, plugins. Throws
 * for a plugin, model or data set that is missing.
 */
export type Identify = (config: CompressConfig) => Promise<RunIdentity>;

/** What the results of each trial come from, by trial id. */
export type StudyContent = ReadonlyMap<string, RunIdentity>;

/** The same as stored in `study.json`: trials grouped by content. */
export type StudyContentRecord = readonly {
  readonly identity: RunIdentity;
  readonly trials: readonly string[];
}[];

/**
 * Identifies every trial of a plan. This reads model and data, so each variant is identified for one seed
 * only, unless the seeds of the first variant show that the data set depends on the seed.
 */
export async function contentOf({ cells, trials }: StudyPlan, identify: Identify): Promise<StudyContent> {
  const content = new Map<string, RunIdentity>();
  const configs = new Map(trials.map(({ id, config }) => [id, config]));
  const identityOf = async (id: string) => {
    const identity = content.get(id) ?? (await identify(configs.get(id)!));
    content.set(id, identity);
    return identity;
  };
  const first = new Map<string, RunIdentity>();
  let isOneForAllSeeds = true;
  for (const { variant, trial } of cells.filter((cell) => cell.variant === cells[0]!.variant)) {
    const identity = await identityOf(trial);
    isOneForAllSeeds &&= contentChanges(first.get(variant) ?? identity, identity).length === 0;
    if (!first.has(variant)) first.set(variant, identity);
  }
  for (const { variant, trial } of cells) {
    const identity = (isOneForAllSeeds ? first.get(variant) : undefined) ?? (await identityOf(trial));
    content.set(trial, identity);
    if (!first.has(variant)) first.set(variant, identity);
  }
  return content;
}

/** The content of a study for its `study.json`. */
export function contentRecord(content: StudyContent): StudyContentRecord {
  const groups: { identity: RunIdentity; trials: string[] }[] = [];
  for (const [trial, identity] of content) {
    const group = groups.find((each) => contentChanges(each.identity, identity).length === 0);
    if (group) group.trials.push(trial);
    else groups.push({ identity, trials: [trial] });
  }
  return groups;
}
