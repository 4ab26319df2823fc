import {
  TersorError,
  type Action,
  type Agent,
  type Environment,
  type LearnStatistics,
  type OtherEpisode,
  type Transition,
} from '@tersor/core';
import {
  walkEpisodes,
  type EpisodeEnd,
  type EpisodePlan,
  type WalkedEpisode,
  type Walker,
} from './walk-episodes.js';

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
  /**
   * Episodes after these that have ended, by lane, while others of their batch were under way: what they
   * measured is not measured again.
   */
  readonly ended?: Readonly<Record<number, EpisodeEnd>>;
}

export interface SearchHooks {
  /** Before the episodes of a batch begin (each, in a search of one lane), with the best before them. */
  beforeBatch?(best: EpisodeRecord | undefined): void;
  /** After every episode, in their order, with the best so far (this one included). */
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
  /**
   * What walks the episodes, instead of the environment: as many at once as there are walkers, all alike.
   * More than one needs an agent with `lanes` (see `createAgentCopies` for others).
   */
  readonly walkers?: readonly Walker[];
  /** What earlier searches of the same kind have left. */
  readonly earlier?: EarlierEpisodes;
  /** What searches in other networks have left; for an agent that has `study`. */
  readonly others?: readonly (readonly OtherEpisode[])[];
  readonly resume?: SearchState;
  readonly hooks?: SearchHooks;
}

export interface EarlierEpisodes {
  /** Actions of the best: carried out and measured as the first episode, before warm starts. */
  readonly best: readonly Action[];
  /** The agent learns from all of them before it begins. */
  episodes(): Promise<readonly (readonly Transition[])[]>;
}

/** Says in the records that an episode's actions are the best of earlier searches. */
const MEMORY = 'memory';

export interface SearchResult {
  /** The episode with the highest reward; the first of several. */
  readonly best: EpisodeRecord;
  readonly episodesDone: number;
}

/**
 * Runs episodes and keeps the best. A warm start counts as an episode, so a search never ends below what
 * its heuristics give. With several walkers, episodes come in batches of as many: the agent learns from
 * all of a batch, in their order, before it begins the next, so the result depends on the number of
 * walkers, but not on how fast each is. A resumed search does exactly what an uninterrupted one does.
 * Throws `CONFIG_INVALID` for a heuristic that the environment does not offer.
 */
export async function search({
  agent,
  environment,
  episodes,
  seed,
  warmStart = [],
  earlier,
  others = [],
  walkers = [environment],
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
  else {
    if (others.length > 0) agent.study?.(others);
    await agent.prepare?.();
  }
  const isSingle = walkers.length === 1;
  if (!resume && earlier) learnFrom(agent, await earlier.episodes(), isSingle ? [] : [0]);
  const starts = earlier ? [MEMORY, ...warmStart] : warmStart;
  let best = resume?.best;
  let episodesDone = resume?.episodesDone ?? 0;
  let known = resume?.ended ?? {};
  while (episodesDone < episodes) {
    hooks.beforeBatch?.(best);
    const first = episodesDone;
    const names = walkers.slice(0, episodes - first).map((_, lane) => starts[first + lane]);
    const plans: EpisodePlan[] = [];
    for (const [lane, name] of names.entries()) {
      const isMemory = earlier !== undefined && first + lane === 0;
      const given =
        name === undefined ? undefined : isMemory ? earlier.best : await environment.heuristics![name]!();
      plans.push({ walker: walkers[lane]!, seed: seed + first + lane, given, end: known[lane] });
    }
    const before = { episodesDone, best };
    // Taken now: what the agent holds while episodes are under way is its own affair.
    const snapshot = isSingle ? undefined : agent.save();
    const ended = { ...known };
    const walked = await stoppable(async (stop) => {
      let saving = Promise.resolve();
      const onEnd = (lane: number, end: EpisodeEnd) => {
        ended[lane] = end;
        saving = saving.then(async () => {
          await hooks.checkpoint?.(() => ({ ...before, agent: snapshot, ended: { ...ended } }));
          if (best && hooks.shouldStop?.()) stop();
        });
        return saving;
      };
      return walkEpisodes(agent, plans, !isSingle, isSingle ? async () => undefined : onEnd);
    });
    // Before the first batch has ended there is no best to end with.
    if (!walked) return { best: best!, episodesDone };
    for (const [lane, episode] of walked.entries()) {
      const record = finish(agent, episode, first + lane, names[lane], isSingle ? undefined : lane);
      episodesDone++;
      if (!best || record.reward > best.reward) best = record;
      await hooks.onEpisode?.(record, best);
    }
    known = {};
    await hooks.checkpoint?.(() => ({ episodesDone, agent: agent.save(), best }));
    if (hooks.shouldStop?.()) break;
  }
  if (!best)
    throw new TersorError('CONFIG_INVALID', 'A search needs at least one episode.', {
      hint: 'Raise "search.episodes".',
    });
  return { best, episodesDone };
}

/** Lets the agent learn from earlier episodes, in their order. */
function learnFrom(
  agent: Agent,
  episodes: readonly (readonly Transition[])[],
  lane: readonly [] | readonly [0],
): void {
  for (const transitions of episodes) {
    for (const transition of transitions) agent.observe(transition, ...lane);
    agent.learn(...lane);
  }
}

/** Lets the agent learn from an episode. */
function finish(
  agent: Agent,
  { actions, reward, end }: WalkedEpisode,
  index: number,
  heuristic: string | undefined,
  lane: number | undefined,
): EpisodeRecord {
  const started = performance.now();
  const statistics = lane === undefined ? agent.learn() : agent.learn(lane);
  const { measures = {}, policy } = end.result.info;
  return {
    episode: index + 1,
    ...(heuristic !== undefined && { heuristic }),
    actions,
    reward,
    measures,
    policy,
    statistics,
    seconds: end.seconds + (performance.now() - started) / 1000,
  };
}

/** What `work` gives, or undefined as soon as it calls `stop`: it is then left to itself. */
async function stoppable<T>(work: (stop: () => void) => Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    work(() => resolve(undefined)).then(resolve, reject);
  });
}
