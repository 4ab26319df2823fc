import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import type { Action, AgentFactory, AgentTask, Space, Transition } from '@tersor/core';
import { search } from '@tersor/rl';
import { agentContract, contractTask, createIdentityEnvironment, describeContract } from '@tersor/testing';
import type { z } from 'zod';
import plugins from './index.js';

const BOX: Space = { type: 'box', low: [0.1, -1], high: [1, 3] };
const SIX: Space = { type: 'discrete', size: 6 };

function factory(id: string, options: object = {}): AgentFactory {
  const plugin = plugins.find((candidate) => candidate.id === id)!;
  const create = plugin.create as (options: unknown) => AgentFactory;
  return create((plugin.options as z.ZodType).parse(options));
}

describeContract('random', agentContract(factory('random'), { spaces: ['box', 'discrete'] }));
describeContract(
  'uniform',
  agentContract(factory('uniform'), { spaces: ['box', 'discrete'], seeded: false }),
);
describeContract(
  'magnitude',
  agentContract(factory('magnitude'), { spaces: ['box', 'discrete'], seeded: false }),
);
describeContract(
  'evolution',
  agentContract(factory('evolution'), { spaces: ['box', 'discrete'], learnsWithin: 300 }),
);

describeContract(
  'heuristic',
  agentContract(factory('heuristic', { name: 'magnitude' }), { spaces: ['box', 'discrete'], seeded: false }),
);

it('the package states the agents that are in it', async () => {
  const { tersor } = JSON.parse(await readFile(join(__dirname, '../package.json'), 'utf8')) as {
    tersor: { plugins: string[] };
  };
  expect(tersor.plugins).toEqual(plugins.map(({ kind, id }) => `${kind}/${id}`));
});

/** Sequences that an agent proposes, one an episode; every episode gets the reward that `rewardOf` gives. */
async function propose(
  make: AgentFactory,
  task: AgentTask,
  episodes: number,
  rewardOf: (actions: readonly Action[]) => number = () => 0,
): Promise<Action[][]> {
  const agent = make(task);
  await agent.prepare?.();
  return Array.from({ length: episodes }, () => {
    const actions: Action[] = [];
    for (let step = 0; step < task.maxSteps; step++) {
      const action = agent.act([0, 0], { explore: true });
      actions.push(action);
      const last = step === task.maxSteps - 1;
      agent.observe({
        observation: [0, 0],
        action,
        proposed: action,
        reward: last ? rewardOf(actions) : 0,
        nextObservation: [0, 0],
        terminated: last,
        truncated: false,
      } satisfies Transition);
    }
    agent.learn();
    return actions;
  });
}

it.each(['uniform', 'magnitude'])('%s begins with the heuristic of its name', async (id) => {
  const task = contractTask(BOX);
  const [first] = await propose(factory(id), task, 1);
  expect(first).toEqual(await task.heuristics![id]!());
});

it('heuristic begins with whatever heuristic it is told, and goes on with variations', async () => {
  const own: Action[] = [
    [0.2, 0],
    [0.4, 1],
    [0.6, 2],
    [0.8, 3],
  ];
  const task = { ...contractTask(BOX), heuristics: { fisher: async () => own } };
  const sequences = await propose(factory('heuristic', { name: 'fisher' }), task, 3);
  expect(sequences[0]).toEqual(own);
  expect(sequences[1]).not.toEqual(own);
  expect(() => factory('heuristic', { name: 'fischer' })(task)).toThrow(
    expect.objectContaining({
      message: expect.stringContaining(
        'The agent "heuristic" needs an environment with the heuristic "fischer"',
      ),
      hint: expect.stringContaining('This one offers: fisher'),
    }),
  );
});

it('uniform gives all steps the same action, and spreads the settings over the whole box', async () => {
  const sequences = await propose(factory('uniform'), contractTask(BOX), 33);
  for (const sequence of sequences) expect(new Set(sequence.map((action) => action.join())).size).toBe(1);
  // Of 4 x 4 cells, 32 random points would leave two empty in the mean.
  const cells = sequences
    .slice(1)
    .map(([action]) => [Math.floor((4 * (action![0]! - 0.1)) / 0.9), Math.floor(action![1]! + 1)].join());
  expect(new Set(cells).size).toBe(16);
});

it('uniform tries the choices of a discrete space by their distance from the heuristic, each once before any again', async () => {
  const sequences = await propose(factory('uniform'), contractTask(SIX), 7);
  // The heuristic's choice is round(0.5 * 5) = 3.
  expect(sequences.map((sequence) => sequence[0]![0])).toEqual([3, 2, 4, 1, 5, 0, 3]);
});

it('magnitude keeps the order of the steps and the level, and varies how far they differ', async () => {
  const sequences = await propose(factory('magnitude'), contractTask(BOX), 20);
  const spreads = sequences.map((sequence) => {
    const values = sequence.map(([value]) => value!);
    expect(values.indexOf(Math.max(...values))).toBe(3);
    expect(values.indexOf(Math.min(...values))).toBe(0);
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(
      sequences[0]!.reduce((sum, [value]) => sum + value!, 0),
      6,
    );
    return Math.max(...values) - Math.min(...values);
  });
  expect(Math.min(...spreads)).toBeLessThan(spreads[0]! / 4);
  expect(Math.max(...spreads)).toBeGreaterThan(1.5 * spreads[0]!);
});

it.each(['uniform', 'magnitude'])('%s says so when the environment has no such heuristic', (id) => {
  const { heuristics: _, ...task } = contractTask(BOX);
  expect(() => factory(id)(task)).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`heuristic "${id}"`),
    }),
  );
});

it('random draws evenly: mean and variance of the uniform distribution', async () => {
  const values = (await propose(factory('random'), contractTask(BOX), 1000)).flatMap((sequence) =>
    sequence.map(([value]) => (value! - 0.1) / 0.9),
  );
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  expect(mean).toBeCloseTo(1 / 2, 1);
  expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.005);
});

it('evolution beats random search at the same number of episodes on a sphere of 8 coordinates', async () => {
  const goal = [0.3, 1.2, 0.8, 2.5, 0.2, -0.5, 0.9, 0.1];
  const rewardOf = (actions: readonly Action[]) =>
    -actions.flat().reduce((sum, value, i) => sum + (value - goal[i]!) ** 2, 0);
  const bests = async (id: string) =>
    Promise.all(
      [1, 2, 3].map(async (seed) =>
        Math.max(...(await propose(factory(id), contractTask(BOX, { seed }), 150, rewardOf)).map(rewardOf)),
      ),
    );
  const [evolved, random] = [await bests('evolution'), await bests('random')];
  for (const reward of evolved) {
    expect(reward).toBeGreaterThan(Math.max(...random));
    expect(reward).toBeGreaterThan(-0.3);
  }
});

it('evolution learns from a warm start that it did not propose', async () => {
  const result = await search({
    agent: factory('evolution', { parents: 2 })(contractTask(BOX)),
    environment: createIdentityEnvironment(BOX),
    episodes: 60,
    seed: 1,
    warmStart: ['magnitude'],
  });
  const alone = 1 - [0.2, 0.8, 0.5, 0.9].reduce((sum, target) => sum + ((target - 0.5) / 2) ** 2, 0) / 4;
  expect(result.best.reward).toBeGreaterThan(alone);
});

it('evolution remembers only policies as they were carried out', async () => {
  const task = contractTask({ type: 'box', low: [0], high: [1] });
  const agent = factory('evolution', { parents: 2 })(task);
  for (let episode = 0; episode < 2; episode++) {
    for (let step = 0; step < 4; step++) {
      const proposed = agent.act([0, 0], { explore: true });
      agent.observe({
        observation: [0, 0],
        action: [0.25],
        proposed,
        reward: episode,
        nextObservation: [0, 0],
        terminated: step === 3,
        truncated: false,
      });
    }
    agent.learn();
  }
  expect(agent.act([0, 0], { explore: false })).toEqual([0.25]);
  const { content } = agent.save() as { content: { strategy: { population: { genes: number[][] }[] } } };
  expect(content.strategy.population.map(({ genes }) => genes)).toEqual([[[0.25], [0.25], [0.25], [0.25]]]);
});
