import type { Action, Agent, AgentFactory, Environment, OtherEpisode, Space } from '@tersor/core';
import { requireRule } from '../contract-failure.js';
import { contractTask } from './agent-environments.js';

/** A quarter of the task's: past the warm-up of agents that have one, with as many to learn in after it. */
export const EPISODES = 15;

/** What an agent did in an episode. */
export interface Played {
  readonly actions: readonly Action[];
  readonly reward: number;
}

/** One episode; without exploration the agent does not learn from it. */
export async function playEpisode(agent: Agent, environment: Environment, explore = true): Promise<Played> {
  const actions: Action[] = [];
  let { observation } = await environment.reset(0);
  for (;;) {
    const action = agent.act(observation, { explore });
    requireList(action);
    const result = await environment.step(action);
    // A copy: under a test runner, structuredClone gives arrays of another realm, which strict equality tells
    // apart.
    actions.push([...action]);
    // An agent that counts its steps must see them in any case.
    agent.observe({
      observation,
      action,
      proposed: action,
      reward: result.reward,
      nextObservation: result.observation,
      terminated: result.terminated,
      truncated: result.truncated,
    });
    observation = result.observation;
    if (!result.terminated) continue;
    if (explore) agent.learn();
    return { actions, reward: result.reward };
  }
}

/** An agent that is ready for its first episode. */
export async function prepared(
  make: AgentFactory,
  space: Space,
  seed = 1,
  episodes = 4 * EPISODES,
  others?: (space: Space) => OtherEpisode[][],
): Promise<Agent> {
  const agent = make(contractTask(space, { seed, episodes }));
  if (others) agent.study!(others(space));
  await agent.prepare?.();
  return agent;
}

/** What is no list at all breaks every rule, and in the same words. */
export function requireList(action: unknown): void {
  const isList = Array.isArray(action) || ArrayBuffer.isView(action);
  requireRule(isList, {
    member: 'act',
    expected: 'a list of numbers',
    found: isThenable(action) ? 'a promise' : String(action),
  });
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value;
}
