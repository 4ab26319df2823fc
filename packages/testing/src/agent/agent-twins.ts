import type { Action, Agent, AgentFactory, Space, Transition } from '@tersor/core';
import { contractTask, createIdentityEnvironment } from './agent-environments.js';
import { requireRule } from '../contract-failure.js';

/** Past the warm-up of agents that have one, a quarter of the task's. */
const EPISODES = 32;

/** A change to what an agent observes that must make no difference to it. */
export interface TransitionTwin {
  /** What differs, for the message. */
  readonly what: string;
  change(transition: Transition, space: Space, learnsFrom: NonNullable<Agent['learnsFrom']>): Transition;
}

export const transitionTwins = {
  /** Of the two actions of a transition an agent learns from one: `action`, unless it says otherwise. */
  otherProposal: {
    what: 'only in the action that it does not learn from',
    change: (transition, space, learnsFrom) => {
      const changed = learnsFrom === 'action' ? 'proposed' : 'action';
      return { ...transition, [changed]: mirrored(space, transition[changed]) };
    },
  },
  /** Nothing follows on `terminated`: the observation that comes with it has no value. */
  otherEnd: {
    what: 'only in what the observation after the end shows',
    change: (transition) =>
      transition.terminated ? { ...transition, nextObservation: [0, 0.8] } : transition,
  },
} satisfies Record<string, TransitionTwin>;

/**
 * Lets two agents of the same seed live through the same episodes, carried out by a wall that changes what
 * they propose; the second is told the changed transitions. They must act alike to the end.
 */
export async function requireInvariant(
  make: AgentFactory,
  space: Space,
  { what, change }: TransitionTwin,
): Promise<void> {
  const task = contractTask(space, { episodes: EPISODES });
  const agents = [make(task), make(task)] as const;
  for (const agent of agents) await agent.prepare?.();
  const learnsFrom = agents[0].learnsFrom ?? 'action';
  const environment = createIdentityEnvironment(space);
  for (let episode = 1; episode <= EPISODES; episode++) {
    let { observation } = await environment.reset(0);
    for (let ended = false; !ended; ) {
      const [proposed, other] = agents.map((agent) => agent.act(observation, { explore: true })) as [
        Action,
        Action,
      ];
      requireRule(JSON.stringify(proposed) === JSON.stringify(other), {
        member: 'observe',
        expected: `the same actions of two agents whose transitions differ ${what}`,
        found: `[${proposed.join(', ')}] and [${other.join(', ')}] in episode ${episode} (${space.type})`,
      });
      const action = walled(space, proposed);
      const { reward, observation: nextObservation, terminated, truncated } = await environment.step(action);
      const transition = { observation, action, proposed, reward, nextObservation, terminated, truncated };
      agents[0].observe(transition);
      agents[1].observe(change(transition, space, learnsFrom));
      [observation, ended] = [nextObservation, terminated];
    }
    agents.forEach((agent) => agent.learn());
  }
  agents.forEach((agent) => agent.dispose());
}

/** What a wall makes of a proposal: half of the way towards the lower bounds; of choices the one below. */
function walled(space: Space, proposed: Action): Action {
  if (space.type === 'discrete') return [Math.max(0, proposed[0]! - 1)];
  return space.low.map((low, i) => (low + proposed[i]!) / 2);
}

/** Another action of the space: as far from the upper bounds as the given one is from the lower. */
function mirrored(space: Space, action: Action): Action {
  if (space.type === 'discrete') return [space.size - 1 - action[0]!];
  return space.low.map((low, i) => low + space.high[i]! - action[i]!);
}
