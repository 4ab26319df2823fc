import type { Agent, AgentFactory, Environment, OtherEpisode, Space } from '@tersor/core';
import { requireSame } from '../contract-failure.js';
import { contractTask, createIdentityEnvironment } from './agent-environments.js';
import { EPISODES, playEpisode, prepared, type Played } from './agent-play.js';

/** What an agent has learned before its first episode. */
interface Beginning {
  readonly others?: (space: Space) => OtherEpisode[][];
  /** Whether it was told episodes of earlier runs. */
  readonly remembers?: boolean;
}

/** As `search.memory` does it: the agent observes episodes of the heuristics, and acts in none. */
async function rememberEpisodes(agent: Agent, environment: Environment): Promise<void> {
  for (const heuristic of Object.values(environment.heuristics!)) {
    let { observation } = await environment.reset(0);
    for (const action of await heuristic()) {
      const { info: _info, observation: nextObservation, ...result } = await environment.step(action);
      agent.observe({ observation, action, proposed: action, nextObservation, ...result });
      observation = nextObservation;
    }
    agent.learn();
  }
}

/**
 * Saves an agent after some episodes and loads the state into another: that one has to do what the first goes
 * on to do.
 */
export async function requireResumable(
  make: AgentFactory,
  space: Space,
  before: number,
  { others, remembers = false }: Beginning = {},
): Promise<void> {
  const environment = createIdentityEnvironment(space);
  const first = await prepared(make, space, 1, 4 * EPISODES, others);
  if (remembers) await rememberEpisodes(first, environment);
  for (let i = 0; i < before; i++) await playEpisode(first, environment);
  const state = structuredClone(first.save());
  const uninterrupted: Played[] = [];
  for (let i = 0; i < EPISODES; i++) uninterrupted.push(await playEpisode(first, environment));
  first.dispose();
  // As a resumed search does it: neither study() nor prepare() is called again, and no earlier run is told.
  const second = make(contractTask(space, { seed: 1, episodes: 4 * EPISODES }));
  second.load(state);
  const resumed: Played[] = [];
  for (let i = 0; i < EPISODES; i++) resumed.push(await playEpisode(second, environment));
  second.dispose();
  requireSame(resumed, uninterrupted, 'load', 'what an uninterrupted agent does');
}
