import type { Action, Agent, AgentFactory, Space, Transition } from '@tersor/core';
import { contractTask, createIdentityEnvironment } from './agent-environments.js';
import { requireRule, requireSame } from '../contract-failure.js';

const LANES = 3;
/** Batches that an agent goes through: past the warm-up of agents that have one. */
const BATCHES = 12;

interface BatchOptions {
  /** Lanes in the order in which their transitions arrive. */
  readonly arrival?: readonly number[];
  /** What the agent is told instead of a transition. */
  readonly told?: (transition: Transition, lane: number) => Transition;
}

/** Requires that the order in which transitions of different lanes arrive makes no difference. */
export async function requireOrderFree(make: AgentFactory, space: Space): Promise<void> {
  const [first, second] = [await prepared(make, space), await prepared(make, space)];
  if (first.lanes) {
    for (let batch = 1; batch <= BATCHES; batch++) {
      const expected = await playBatch(first, space);
      const found = await playBatch(second, space, { arrival: [2, 0, 1] });
      requireSame(found, expected, 'learn', `the same actions in batch ${batch}, lanes arriving as 2, 0, 1`);
    }
  }
  [first, second].forEach((agent) => agent.dispose());
}

/** Requires that other rewards of any one lane lead to other actions later. */
export async function requireEachLaneCounts(make: AgentFactory, space: Space): Promise<void> {
  for (let lane = 0; lane < LANES; lane++) {
    const [first, second] = [await prepared(make, space), await prepared(make, space)];
    if (first.lanes) {
      let differs = false;
      for (let batch = 1; batch <= BATCHES && !differs; batch++) {
        const told = (transition: Transition, of: number) =>
          of === lane && transition.terminated
            ? { ...transition, reward: batch % 2 === 0 ? 10 : -10 }
            : transition;
        const [actions, others] = [await playBatch(first, space), await playBatch(second, space, { told })];
        differs = JSON.stringify(actions) !== JSON.stringify(others);
      }
      requireRule(differs, {
        member: 'learn',
        expected: `other actions after other rewards in lane ${lane}`,
        found: `the same ${space.type} actions in ${BATCHES} batches`,
      });
    }
    [first, second].forEach((agent) => agent.dispose());
  }
}

/** Requires that a state that was saved between batches holds all that the agent needs. */
export async function requireResumableLanes(make: AgentFactory, space: Space): Promise<void> {
  const first = await prepared(make, space);
  // As a resumed search does it: prepare() is not called again.
  const second = make(task(space));
  if (first.lanes) {
    for (let batch = 0; batch < BATCHES / 2; batch++) await playBatch(first, space);
    second.load(structuredClone(first.save()));
    for (let batch = 0; batch < BATCHES / 2; batch++)
      requireSame(
        await playBatch(second, space),
        await playBatch(first, space),
        'load',
        'what an uninterrupted agent does in lanes',
      );
  }
  [first, second].forEach((agent) => agent.dispose());
}

function task(space: Space) {
  return contractTask(space, { episodes: LANES * BATCHES });
}

async function prepared(make: AgentFactory, space: Space): Promise<Agent> {
  const agent = make(task(space));
  await agent.prepare?.();
  return agent;
}

/** An episode in each lane, step by step, as a search walks them; gives the actions by lane. */
async function playBatch(
  agent: Agent,
  space: Space,
  { arrival = [0, 1, 2], told = (transition) => transition }: BatchOptions = {},
): Promise<number[][][]> {
  const environments = arrival.map(() => createIdentityEnvironment(space));
  const played = environments.map((): number[][] => []);
  const observations: (readonly number[])[] = [];
  for (const environment of environments) observations.push((await environment.reset(0)).observation);
  for (let ended = false; !ended; ) {
    const proposals: Action[] = observations.map((observation, lane) =>
      agent.act(observation, { explore: true, lane }),
    );
    const transitions: Transition[] = [];
    for (const [lane, environment] of environments.entries()) {
      const proposed = proposals[lane]!;
      const {
        reward,
        observation: nextObservation,
        terminated,
        truncated,
      } = await environment.step(proposed);
      const observation = observations[lane]!;
      const action = proposed;
      transitions.push({ observation, action, proposed, reward, nextObservation, terminated, truncated });
      played[lane]!.push([...proposed]);
      observations[lane] = nextObservation;
      ended = terminated;
    }
    for (const lane of arrival) agent.observe(told(transitions[lane]!, lane), lane);
  }
  environments.forEach((_, lane) => agent.learn(lane));
  return played;
}
