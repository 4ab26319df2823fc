import '@tensorflow/tfjs-backend-cpu';
import type { AgentFactory, Space, Transition } from '@tersor/core';
import { search } from '@tersor/rl';
import {
  agentContract,
  check,
  contractTask,
  createIdentityEnvironment,
  describeContract,
} from '@tersor/testing';
import { DdpgAgent } from './ddpg-agent.js';
import { ddpgOptions } from './ddpg-options.js';

const BOX: Space = { type: 'box', low: [0.1, -1], high: [1, 3] };

/** Networks small enough for a test; all else as by default. */
function factory(options: object = {}): AgentFactory {
  const parsed = ddpgOptions.parse({ hidden: [32, 32], ...options });
  return (task) => new DdpgAgent(parsed, task);
}

describeContract('ddpg', agentContract(factory({ actorRate: 1e-3 }), { spaces: ['box'], learnsWithin: 200 }));
describeContract(
  'ddpg as TD3',
  agentContract(
    factory({
      actorRate: 1e-3,
      twin: true,
      actorDelay: 2,
      targetNoise: 0.05,
      noise: 'gaussian',
      keepBest: 0.3,
    }),
    { spaces: ['box'], learnsWithin: 200 },
  ),
);
describeContract(
  'ddpg as REDQ and DroQ',
  agentContract(
    factory({
      hidden: [16, 16],
      actorRate: 1e-3,
      critics: 3,
      normalize: true,
      dropout: 0.01,
      updates: 1,
      imitate: 0.1,
    }),
    { spaces: ['box'], learnsWithin: 200 },
  ),
);
// Where nothing has to be learned, smaller networks keep or break the same promises.
describeContract(
  'ddpg with an Ornstein-Uhlenbeck process',
  agentContract(factory({ hidden: [8, 8], noise: 'ornstein-uhlenbeck', rewards: 'step' }), {
    spaces: ['box'],
  }),
);
describeContract(
  'ddpg with parameter noise',
  agentContract(factory({ hidden: [8, 8], noise: 'parameter' }), { spaces: ['box'] }),
);

describe('the contract of agents', () => {
  /** ddpg that is told its transitions wrong, as if it read them so. */
  const misreading =
    (change: (transition: Transition) => Transition): AgentFactory =>
    (task) => {
      const agent = factory({ hidden: [8, 8], warmup: 5 })(task);
      return {
        act: (observation, options) => agent.act(observation, options),
        observe: (transition) => agent.observe(change(transition)),
        learn: () => agent.learn(),
        save: () => agent.save(),
        load: (state) => agent.load(state),
        dispose: () => agent.dispose(),
      };
    };
  const rules = [
    'learns from the action that was carried out',
    'expects nothing after the end of an episode',
  ];
  const broken = async (change: (transition: Transition) => Transition) => {
    const cases = agentContract(misreading(change), { spaces: ['box'] }).filter(({ name }) =>
      rules.includes(name),
    );
    return (await check(cases)).map(({ name }) => name);
  };

  it('catches a ddpg that learns from what it proposed', async () => {
    expect(await broken((transition) => ({ ...transition, action: transition.proposed }))).toEqual([
      rules[0],
    ]);
  });

  it('catches a ddpg that ignores the end of an episode', async () => {
    expect(await broken((transition) => ({ ...transition, terminated: false }))).toEqual([rules[1]]);
  });

  it('passes the same ddpg when it reads them right', async () =>
    expect(await broken((transition) => transition)).toEqual([]));
});

/** Statistics of every episode of a search in the identity environment. */
async function statistics(make: AgentFactory, episodes: number): Promise<Readonly<Record<string, number>>[]> {
  const all: Readonly<Record<string, number>>[] = [];
  await search({
    agent: make(contractTask(BOX, { episodes })),
    environment: createIdentityEnvironment(BOX),
    episodes,
    seed: 1,
    hooks: { onEpisode: ({ statistics: of }) => void all.push(of) },
  });
  return all;
}

it('warms up for a quarter of the episodes, then makes one update per step', async () => {
  const all = await statistics(factory(), 12);
  expect(all.slice(0, 3)).toEqual([{}, {}, {}]);
  expect(all.slice(3).map(({ updates }) => updates)).toEqual(Array<number>(9).fill(4));
});

it('makes as many updates as asked', async () => {
  const all = await statistics(factory({ warmup: 1, updates: 2.5 }), 3);
  expect(all.map(({ updates }) => updates)).toEqual([undefined, 10, 10]);
});

it('lets the noise fall by 5% an episode, and faster where a tenth would not be reached by the end', async () => {
  const long = await statistics(factory({ warmup: 0, updates: 0.25 }), 60);
  expect(long[1]!['sigma']! / long[0]!['sigma']!).toBeCloseTo(0.95, 6);
  const short = await statistics(factory({ warmup: 0, updates: 0.25 }), 10);
  expect(short.at(-1)!['sigma']).toBeCloseTo(0.05, 6);
});

it('takes the moving average off the rewards', async () => {
  const [, , last] = await statistics(factory({ warmup: 2, updates: 10 }), 3);
  // Rewards of random policies lie around 0.77, and the average has long arrived there.
  expect(last!['baseline']).toBeGreaterThan(0.6);
  const [, , without] = await statistics(factory({ warmup: 2, updates: 10, baseline: 0 }), 3);
  expect(without!['baseline']).toBe(0);
});

it('learns the value of a bandit whose answer is known', async () => {
  // One step, reward -(a - 0.7)^2: with no baseline, Q(s, mu(s)) tends to 0 and mu(s) to 0.7.
  const space: Space = { type: 'box', low: [0], high: [1] };
  const task = {
    ...contractTask(space),
    observationSpace: { type: 'box', low: [0], high: [1] } as const,
    maxSteps: 1,
    episodes: 300,
  };
  const agent = factory({
    hidden: [16, 16],
    actorRate: 1e-3,
    baseline: 0,
    warmup: 40,
    updates: 4,
    memory: 300,
  })(task);
  let value = NaN;
  for (let episode = 0; episode < 300; episode++) {
    const action = agent.act([1], { explore: true });
    agent.observe({
      observation: [1],
      action,
      proposed: action,
      reward: -((action[0]! - 0.7) ** 2),
      nextObservation: [1],
      terminated: true,
      truncated: false,
    });
    value = agent.learn()['value'] ?? value;
  }
  expect(Math.abs(agent.act([1], { explore: false })[0]! - 0.7)).toBeLessThan(0.05);
  expect(Math.abs(value)).toBeLessThan(0.02);
});

it('learns from actions as they were carried out', async () => {
  // A wall at 0.4: were the proposals remembered, all of 0.4..1 would look equally good, and the actor would
  // not be driven to 0.4.
  const space: Space = { type: 'box', low: [0], high: [1] };
  const agent = factory({ warmup: 5 })({ ...contractTask(space), maxSteps: 1 });
  for (let episode = 0; episode < 5; episode++) {
    const proposed = agent.act([0, 0], { explore: true });
    agent.observe({
      observation: [0, 0],
      action: [Math.min(0.4, proposed[0]!)],
      proposed,
      reward: 0,
      nextObservation: [0, 0],
      terminated: true,
      truncated: false,
    });
    agent.learn();
  }
  const { content } = agent.save() as { content: { replay: { rows: Float32Array }[] } };
  const remembered = content.replay.map(({ rows }) => rows[2]!);
  expect(Math.max(...remembered)).toBeCloseTo(0.4, 6);
});

it('follows the mean of several critics, and takes the lower of two of them for its targets', async () => {
  const means: Record<number, number> = {};
  for (const critics of [2, 10]) {
    const all = await statistics(factory({ hidden: [8], critics, warmup: 2, updates: 5 }), 12);
    expect(all.at(-1)!['criticLoss']).toBeGreaterThan(0);
    means[critics] = all.at(-1)!['value']!;
  }
  expect(means[2]).not.toBe(means[10]);
});

it('imitates the best episode where it is asked to', () => {
  const task = { ...contractTask({ type: 'box', low: [0], high: [1] }), maxSteps: 1, episodes: 60 };
  const distanceWith = (imitate: number) => {
    const options = { hidden: [16], actorRate: 1e-2, criticRate: 1e-6, warmup: 1, updates: 5, imitate };
    const agent = factory(options)(task);
    // Like a warm start: 0.9 is the best by far, and nobody has asked the agent.
    for (let episode = 0; episode < 60; episode++) {
      const action = episode === 0 ? [0.9] : agent.act([0, 0], { explore: true });
      agent.observe({
        observation: [0, 0],
        action,
        proposed: action,
        reward: episode === 0 ? 1 : 0,
        nextObservation: [0, 0],
        terminated: true,
        truncated: false,
      });
      agent.learn();
    }
    return Math.abs(agent.act([0, 0], { explore: false })[0]! - 0.9);
  };
  expect(distanceWith(10)).toBeLessThan(0.05);
  expect(distanceWith(0)).toBeGreaterThan(0.05);
});

it('refuses options it does not know', () => {
  expect(() => ddpgOptions.parse({ sigmaDecya: 0.9 })).toThrow('sigmaDecya');
});
