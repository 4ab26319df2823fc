import { isRecord } from '../is-record.js';

/** Keys that once stood among an agent's options, and belong to the search. */
export const OF_SEARCH: readonly string[] = ['episodes', 'warmStart'];

/** A config in today's places, and what was found in an old one. */
export interface MovedSettings {
  readonly config: unknown;
  /** A sentence for each old place. */
  readonly notices: readonly string[];
}

/**
 * Takes a config of an earlier version: `prune.agent.episodes` and its like are read as
 * `prune.search.episodes`. A setting that is given at both places stays where it is: the schema refuses it.
 */
export function moveSettings(config: unknown): MovedSettings {
  if (!isRecord(config)) return { config, notices: [] };
  const notices: string[] = [];
  const moved: Record<string, unknown> = { ...config };
  for (const stage of ['prune', 'quantize']) {
    const settings = config[stage];
    if (!isRecord(settings) || !isRecord(settings['agent'])) continue;
    const { agent, search = {} } = settings;
    if (!isRecord(search)) continue;
    const keys = OF_SEARCH.filter((key) => key in agent && !(key in search));
    if (keys.length === 0) continue;
    const isMoved = ([key]: [string, unknown]) => keys.includes(key);
    moved[stage] = {
      ...settings,
      agent: Object.fromEntries(Object.entries(agent).filter((entry) => !isMoved(entry))),
      search: { ...search, ...Object.fromEntries(Object.entries(agent).filter(isMoved)) },
    };
    notices.push(
      ...keys.map((key) => `${stage}.agent.${key} has moved: write ${stage}.search.${key} instead.`),
    );
  }
  return { config: moved, notices };
}
