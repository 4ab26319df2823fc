import {
  TersorError,
  type Action,
  type Agent,
  type Environment,
  type LearnStatistics,
  type Transition,
} from '@tersor/core';

/** What an episode did: one line of `episodes.jsonl`. */
export interface EpisodeRecord {
  /** Counted from 1. */
  readonly episode: number;
  /** Name of the heuristic that chose the actions; absent when the agent did. */
  readonly heuristic?: string;
  /** Actions as they were carried out, after the wall and rounding. */
  readonly actions: readonly Action[];
  /** Sum of the rewards. */
  readonly reward: number;
  readonly measures: Readonly<Record<string, number>>;
  readonly policy: unknown;
  /** What the agent learned after it: losses, noise. */
  readonly statistics: LearnStatistics;
  readonly seconds: number;
}

/** All that a search needs to go on: structured-cloneable. */
export interface SearchState {
  readonly episodesDone: number;
  readonly agent: unknown;
  readonly best: EpisodeRecord | undefined;
}

export interface SearchHooks {
  /** After every episode, with the best so far (this one included). */
  onEpisode?(record: EpisodeRecord, best: EpisodeRecord): void | Promise<void>;
  /** After every episode; `state` makes a snapshot of the agent, so call it only when it is kept. */
  checkpoint?(state: () => SearchState): void | Promise<void>;
  /** Asked after every episode; true ends the search. */
  shouldStop?(): boolean;
}

export interface SearchOptions {
  readonly agent: Agent;
  readonly environment: Environment;
  readonly episodes: number;
  readonly seed: number;
  /**
   * Heuristics of the environment that are evaluated in the first episodes; the agent learns from them like
   * from its own.
   */
  readonly warmStart?: readonly string[];
  readonly resume?: SearchState;
  readonly hooks?: SearchHooks;
}

export interface SearchResult {
  /** The episode with the highest reward; the first of several. */
  readonly best: EpisodeRecord;
  readonly episodesDone: number;
}

/**
 * Runs episodes and keeps the best. A warm start counts as an episode, so a search never ends below what its
 * heuristics give. A resumed search does exactly what an uninterrupted one does. Throws `CONFIG_INVALID` for
 * a heuristic that the environment does not offer.
 */
export async function search({
  agent,
  environment,
  episodes,
  seed,
  warmStart = [],
  resume,
  hooks = {},
}: SearchOptions): Promise<SearchResult> {
  const unknown = warmStart.find((name) => !environment.heuristics?.[name]);
  if (unknown !== undefined) {
    throw new TersorError(
      'CONFIG_INVALID',
      `The environment offers no heuristic "${unknown}" to start from.`,
      {
        hint: `It offers: ${Object.keys(environment.heuristics ?? {}).join(', ') || 'none'}.`,
      },
    );
  }
  if (resume) agent.load(resume.agent);
  else await agent.prepare?.();
  let best = resume?.best;
  let episodesDone = resume?.episodesDone ?? 0;
  while (episodesDone < episodes) {
    const heuristic = warmStart[episodesDone];
    const given = heuristic === undefined ? undefined : await environment.heuristics![heuristic]!();
    const record = await runEpisode(agent, environment, episodesDone, seed, heuristic, given);
    episodesDone++;
    if (!best || record.reward > best.reward) best = record;
    await hooks.onEpisode?.(record, best);
    await hooks.checkpoint?.(() => ({ episodesDone, agent: agent.save(), best }));
    if (hooks.shouldStop?.()) break;
  }
  if (!best)
    throw new TersorError('CONFIG_INVALID', 'A search needs at least one episode.', {
      hint: 'Raise "search.episodes".',
    });
  return { best, episodesDone };
}

async function runEpisode(
  agent: Agent,
  environment: Environment,
  index: number,
  seed: number,
  heuristic: string | undefined,
  given: readonly Action[] | undefined,
): Promise<EpisodeRecord> {
  const started = performance.now();
  const actions: Action[] = [];
  let { observation } = await environment.reset(seed + index);
  let reward = 0;
  for (;;) {
    const proposed = given?.[actions.length] ?? agent.act(observation, { explore: true });
    const result = await environment.step(proposed);
    const transition: Transition = {
      observation,
      action: result.info.executed,
      proposed,
      reward: result.reward,
      nextObservation: result.observation,
      terminated: result.terminated,
      truncated: result.truncated,
    };
    agent.observe(transition);
    actions.push(result.info.executed);
    reward += result.reward;
    observation = result.observation;
    if (!result.terminated && !result.truncated) continue;
    const { measures = {}, policy } = result.info;
    const statistics = agent.learn();
    return {
      episode: index + 1,
      ...(heuristic !== undefined && { heuristic }),
      actions,
      reward,
      measures,
      policy,
      statistics,
      seconds: (performance.now() - started) / 1000,
    };
  }
}
