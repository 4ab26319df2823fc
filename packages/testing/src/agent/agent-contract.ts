import * as tf from '@tensorflow/tfjs-core';
import type { Action, AgentFactory, Space } from '@tersor/core';
import {
  BOX,
  contractTask,
  createIdentityEnvironment,
  DISCRETE,
  otherSearches,
} from './agent-environments.js';
import { EPISODES, playEpisode, prepared, requireList, type Played } from './agent-play.js';
import { requireResumable } from './agent-resume.js';
import { requireEachLaneCounts, requireOrderFree, requireResumableLanes } from './agent-lanes.js';
import { requireInvariant, transitionTwins } from './agent-twins.js';
import { requireRefusal, requireRule, requireSame } from '../contract-failure.js';
import type { Case } from '../contract.js';

/** What an agent says of itself. */
export interface AgentClaims {
  /** Spaces that it can handle. */
  readonly spaces: readonly Space['type'][];
  /** Episodes in which it learns the identity environment; absent for an agent that does not learn. */
  readonly learnsWithin?: number;
  /** Whether its actions depend on the seed; true when not given. */
  readonly seeded?: boolean;
}

/**
 * Mean reward of the identity environment that counts as learned; random actions get 0.77 in a box, 0.73
 * among five choices.
 */
const LEARNED = 0.92;

/**
 * The promises of an agent.
 *
 * @param make As a plugin's `create` gives it; called many times.
 * @example
 * describeContract('my agent', agentContract(makeMyAgent, { spaces: ['box'], learnsWithin: 200 }));
 */
export function agentContract(
  make: AgentFactory,
  { spaces, learnsWithin, seeded = true }: AgentClaims,
): Case[] {
  const supported = [BOX, DISCRETE].filter(({ type }) => spaces.includes(type));
  const refused = [BOX, DISCRETE].filter(({ type }) => !spaces.includes(type));
  const unbounded: Space = { type: 'box', low: [-Infinity], high: [Infinity] };
  const inEachSpace = (check: (space: Space) => Promise<void>) => async () => {
    for (const space of supported) await check(space);
  };
  // Several cases look at the same run.
  const runs = new Map<Space, Promise<Played[]>>();
  const firstRun = (space: Space) => {
    if (!runs.has(space)) runs.set(space, run(make, space, 5));
    return runs.get(space)!;
  };
  return [
    {
      name: 'acts within the action space',
      run: inEachSpace(async (space) => {
        for (const { actions } of await firstRun(space))
          for (const action of actions) requireWithin(space, action);
      }),
    },
    {
      name: 'acts within the action space without exploration',
      run: inEachSpace(async (space) => {
        const agent = await prepared(make, space);
        for (let i = 0; i < EPISODES; i++) {
          requireWithin(space, agent.act([0, 0.2], { explore: false }));
          await playEpisode(agent, createIdentityEnvironment(space));
        }
        agent.dispose();
      }),
    },
    {
      name: 'gives the same actions for the same seed',
      run: inEachSpace(async (space) => {
        requireSame(
          actionsOf(await run(make, space, 5)),
          actionsOf(await firstRun(space)),
          'act',
          'the same actions again',
        );
      }),
    },
    ...(seeded
      ? [
          {
            name: 'gives other actions for another seed',
            run: inEachSpace(async (space) => {
              const [five, six] = [actionsOf(await firstRun(space)), actionsOf(await run(make, space, 6))];
              const differ = JSON.stringify(five) !== JSON.stringify(six);
              requireRule(differ, {
                member: 'act',
                expected: 'other actions with seed 6 than with seed 5',
                found: `the same ${space.type} actions`,
              });
            }),
          },
        ]
      : []),
    {
      name: 'repeats its best guess if nothing was learned in between',
      run: inEachSpace(async (space) => {
        const agent = await prepared(make, space);
        for (let i = 0; i < EPISODES; i++) await playEpisode(agent, createIdentityEnvironment(space));
        const guess = agent.act([0, 0.2], { explore: false });
        for (let again = 0; again < 5; again++)
          requireSame(agent.act([0, 0.2], { explore: false }), guess, 'act', 'the same best guess again');
        agent.dispose();
      }),
    },
    {
      name: 'continues from a saved state as if it had not been interrupted',
      run: inEachSpace((space) => requireResumable(make, space, EPISODES)),
    },
    {
      name: 'continues from a state that was saved before the first episode',
      run: inEachSpace((space) => requireResumable(make, space, 0)),
    },
    {
      name: 'continues from a saved state with what it learned from other networks',
      run: inEachSpace(async (space) => {
        if (make(contractTask(space)).study)
          await requireResumable(make, space, 2, { others: otherSearches });
      }),
    },
    {
      name: 'takes episodes of earlier runs, and continues from a saved state with them',
      run: inEachSpace((space) => requireResumable(make, space, 2, { remembers: true })),
    },
    {
      name: 'keeps a saved state unchanged while the agent continues',
      run: inEachSpace(async (space) => {
        const agent = await prepared(make, space);
        for (let i = 0; i < EPISODES; i++) await playEpisode(agent, createIdentityEnvironment(space));
        const state = agent.save();
        const before = JSON.stringify(structuredClone(state), typedArraysAsLists);
        for (let i = 0; i < EPISODES; i++) await playEpisode(agent, createIdentityEnvironment(space));
        const isKept = JSON.stringify(state, typedArraysAsLists) === before;
        requireRule(isKept, {
          member: 'save',
          expected: 'a copy: the state as it was',
          found: 'a state that has changed since',
        });
        agent.dispose();
      }),
    },
    {
      name: 'refuses a state that is not its own with AGENT_STATE_INVALID',
      run: inEachSpace(async (space) => {
        const agent = await prepared(make, space);
        for (const state of [undefined, {}, { agent: 'another', weights: [] }]) {
          await requireRefusal(
            'load',
            'AGENT_STATE_INVALID',
            () => agent.load(state),
            ` for ${JSON.stringify(state)}`,
          );
        }
        agent.dispose();
      }),
    },
    {
      name: 'refuses a space it does not support with SPACE_UNSUPPORTED',
      run: async () => {
        for (const space of [...refused, unbounded]) {
          const kind = space === unbounded ? 'an unbounded box' : `a ${space.type} space`;
          await requireRefusal(
            'its factory',
            'SPACE_UNSUPPORTED',
            () => make(contractTask(space)),
            ` for ${kind}`,
          );
        }
      },
    },
    {
      name: 'learns from the action that was carried out',
      run: inEachSpace((space) => requireInvariant(make, space, transitionTwins.otherProposal)),
    },
    {
      name: 'expects nothing after the end of an episode',
      run: inEachSpace((space) => requireInvariant(make, space, transitionTwins.otherEnd)),
    },
    {
      name: 'learns the same in whatever order its lanes arrive',
      run: inEachSpace((space) => requireOrderFree(make, space)),
    },
    {
      name: 'continues in lanes from a saved state as if it had not been interrupted',
      run: inEachSpace((space) => requireResumableLanes(make, space)),
    },
    {
      name: 'leaves no tensors behind in 200 steps',
      run: inEachSpace(async (space) => {
        const before = tf.memory().numTensors;
        const agent = await prepared(make, space);
        const environment = createIdentityEnvironment(space);
        const episode = async () => void (await playEpisode(agent, environment));
        for (let i = 0; i < EPISODES; i++) await episode();
        const warm = tf.memory().numTensors;
        for (let steps = 0; steps < 200; steps += environment.maxSteps) await episode();
        const left = tf.memory().numTensors - warm;
        requireRule(left === 0, {
          member: 'learn',
          expected: 'no tensors more after 200 steps',
          found: `${left} more`,
        });
        agent.dispose();
        const kept = tf.memory().numTensors - before;
        requireRule(kept === 0, { member: 'dispose', expected: 'no tensors left', found: `${kept} left` });
      }),
    },
    ...(learnsWithin === undefined
      ? []
      : [
          {
            name: 'learns from the episode of every lane',
            run: inEachSpace((space) => requireEachLaneCounts(make, space)),
          },
          {
            name: 'learns the identity environment',
            run: inEachSpace(async (space) => {
              const agent = await prepared(make, space, 1, learnsWithin);
              const environment = createIdentityEnvironment(space);
              for (let i = 0; i < learnsWithin; i++) await playEpisode(agent, environment);
              const { reward } = await playEpisode(agent, environment, false);
              const found = `${reward.toFixed(3)} (${space.type})`;
              requireRule(reward >= LEARNED, {
                member: 'learn',
                expected: `a reward of ${LEARNED} after ${learnsWithin} episodes`,
                found,
              });
              agent.dispose();
            }),
          },
        ]),
  ];
}

async function run(make: AgentFactory, space: Space, seed: number): Promise<Played[]> {
  const agent = await prepared(make, space, seed);
  const played: Played[] = [];
  for (let i = 0; i < 2 * EPISODES; i++)
    played.push(await playEpisode(agent, createIdentityEnvironment(space)));
  agent.dispose();
  return played;
}

function actionsOf(played: readonly Played[]): readonly (readonly Action[])[] {
  return played.map(({ actions }) => actions);
}

function requireWithin(space: Space, action: Action): void {
  requireList(action);
  const fits =
    space.type === 'discrete'
      ? action.length === 1 && Number.isInteger(action[0]) && action[0]! >= 0 && action[0]! < space.size
      : action.length === space.low.length &&
        action.every((value, i) => value >= space.low[i]! && value <= space.high[i]!);
  requireRule(fits, {
    member: 'act',
    expected: `a point of ${JSON.stringify(space)}`,
    found: `[${action.join(', ')}]`,
  });
}

/** JSON has no typed arrays. */
function typedArraysAsLists(_key: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value;
}
