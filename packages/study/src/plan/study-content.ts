import { contentChanges } from '@tersor/compression';
import type { CompressConfig, RunIdentity } from '@tersor/core';
import type { StudyPlan } from './study-plan.js';

/**
 * Says what the results of a config come from, by content and version. Throws what makes them impossible: a
 * plugin, model or data set that is not there.
 */
export type Identify = (config: CompressConfig) => Promise<RunIdentity>;

/** What the results of each trial come from, by its id. */
export type StudyContent = ReadonlyMap<string, RunIdentity>;

/** The same as `study.json` has it: trials of the same content together. */
export type StudyContentRecord = readonly {
  readonly identity: RunIdentity;
  readonly trials: readonly string[];
}[];

/**
 * Identifies every trial of a plan. Identifying reads model and data, so each variant is identified once, and
 * its other seeds only where those of the first variant show that a data set differs by seed.
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
