import { isRecord } from '../is-record.js';

/** Keys that once stood among an agent's options, and belong to the search. */
export const OF_SEARCH: readonly string[] = ['episodes', 'warmStart'];

/** A config in today's places, and what was found in an old one. */
export interface MovedSettings {
  readonly config: unknown;
  /** A sentence for each old place. */
  readonly notices: readonly string[];
}

/** Settings of a stage, and the old names among them. */
interface MovedStage {
  readonly settings: unknown;
  /** Places within the stage: the old one and today's. */
  readonly moves: readonly (readonly [old: string, now: string])[];
}

/**
 * Takes a config of an earlier version: `prune.agent.episodes` and its like are read as
 * `prune.search.episodes`, and `prune.round` as `prune.multiple`. A setting that is given at both places
 * stays where it is: the schema refuses it.
 */
export function moveSettings(config: unknown): MovedSettings {
  if (!isRecord(config)) return { config, notices: [] };
  const notices: string[] = [];
  const moved: Record<string, unknown> = { ...config };
  for (const stage of ['prune', 'quantize']) {
    const searched = movedToSearch(config[stage]);
    const { settings, moves } = stage === 'prune' ? renamed(searched) : searched;
    if (moves.length === 0) continue;
    moved[stage] = settings;
    notices.push(...moves.map(([old, now]) => `${stage}.${old} has moved: write ${stage}.${now} instead.`));
  }
  return { config: moved, notices };
}

function movedToSearch(settings: unknown): MovedStage {
  if (!isRecord(settings) || !isRecord(settings['agent'])) return { settings, moves: [] };
  const { agent, search = {} } = settings;
  if (!isRecord(search)) return { settings, moves: [] };
  const keys = OF_SEARCH.filter((key) => key in agent && !(key in search));
  const isMoved = ([key]: [string, unknown]) => keys.includes(key);
  return {
    settings: {
      ...settings,
      agent: Object.fromEntries(Object.entries(agent).filter((entry) => !isMoved(entry))),
      search: { ...search, ...Object.fromEntries(Object.entries(agent).filter(isMoved)) },
    },
    moves: keys.map((key) => [`agent.${key}`, `search.${key}`]),
  };
}

function renamed({ settings, moves }: MovedStage): MovedStage {
  if (!isRecord(settings) || !('round' in settings) || 'multiple' in settings) return { settings, moves };
  const { round, ...others } = settings;
  return { settings: { ...others, multiple: round }, moves: [...moves, ['round', 'multiple']] };
}
