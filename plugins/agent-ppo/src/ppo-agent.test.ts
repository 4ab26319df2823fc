import '@tensorflow/tfjs-backend-cpu';
import type { AgentFactory, Space } from '@tersor/core';
import { search } from '@tersor/rl';
import { agentContract, contractTask, createIdentityEnvironment, describeContract } from '@tersor/testing';
import plugin from './index.js';
import type { PpoOptions } from './ppo-options.js';

const BOX: Space = { type: 'box', low: [0.1, -1], high: [1, 3] };
const FIVE: Space = { type: 'discrete', size: 5 };

function factory(options: Partial<PpoOptions> = {}): AgentFactory {
  return plugin.create(plugin.options.parse(options), undefined as never) as AgentFactory;
}

describeContract(
  'ppo',
  agentContract(factory({ learningRate: 3e-3 }), { spaces: ['box', 'discrete'], learnsWithin: 400 }),
);
// Where nothing has to be learned, smaller networks keep or break the same promises.
describeContract(
  'ppo with tanh, clipped values, annealing, entropy and a bound on the divergence',
  agentContract(
    factory({
      hidden: [8, 8],
      learningRate: 3e-3,
      squash: true,
      clipValue: 0.2,
      anneal: true,
      entropy: 0.001,
      targetDivergence: 0.05,
    }),
    { spaces: ['box', 'discrete'] },
  ),
);
describeContract(
  'ppo that learns from the rollouts of its last policies',
  agentContract(factory({ hidden: [8, 8], learningRate: 3e-3, rollout: 2, policies: 3 }), {
    spaces: ['box', 'discrete'],
  }),
);

async function statistics(options: Partial<PpoOptions>, space: Space, episodes: number) {
  const task = contractTask(space, { episodes });
  const records: Readonly<Record<string, number>>[] = [];
  await search({
    agent: factory(options)(task),
    environment: createIdentityEnvironment(space),
    episodes,
    seed: 1,
    hooks: { onEpisode: (record) => void records.push(record.statistics) },
  });
  return records;
}

it('trains once per rollout, on all of its steps, epochs times', async () => {
  const records = await statistics({ rollout: 3, epochs: 4, batch: 5 }, FIVE, 7);
  expect(records.map((record) => Object.keys(record).length > 0)).toEqual([
    false,
    false,
    true,
    false,
    false,
    true,
    false,
  ]);
  // 12 steps in minibatches of 5: 3 updates, 4 times.
  expect(records[2]!['updates']).toBe(12);
});

it('learns from the rollouts of its last policies too, as many as it is told', async () => {
  const records = await statistics({ rollout: 1, epochs: 1, batch: 1, policies: 3 }, FIVE, 5);
  // An update a step, of 4 steps an episode.
  expect(records.map(({ updates }) => updates)).toEqual([4, 8, 12, 12, 12]);
});

it('ends a training when the policy has moved too far', async () => {
  const free = await statistics({ rollout: 10, learningRate: 0.05, epochs: 20 }, FIVE, 10);
  const bound = await statistics(
    { rollout: 10, learningRate: 0.05, epochs: 20, targetDivergence: 0.01 },
    FIVE,
    10,
  );
  expect(free[9]!['updates']).toBe(20);
  expect(bound[9]!['updates']).toBeLessThan(10);
});

it('starts from a policy that is the same for every observation, at the middle of the range', () => {
  const agent = factory()(contractTask(BOX));
  for (const observation of [
    [0, 0],
    [1, 0.3],
    [0.2, 1],
  ]) {
    const [first, second] = agent.act(observation, { explore: false });
    expect(Math.abs(first! - 0.55)).toBeLessThan(0.01);
    expect(Math.abs(second! - 1)).toBeLessThan(0.05);
  }
});

it('learns from the actions of a warm start, which it did not draw', async () => {
  const task = contractTask(BOX, { episodes: 1 });
  const record = (
    await search({
      agent: factory({ rollout: 1 })(task),
      environment: createIdentityEnvironment(BOX),
      episodes: 1,
      seed: 1,
      warmStart: ['magnitude'],
    })
  ).best;
  expect(record.heuristic).toBe('magnitude');
  expect(record.statistics['updates']).toBeGreaterThan(0);
  for (const figure of Object.values(record.statistics)) expect(Number.isFinite(figure)).toBe(true);
});

it.each([false, true])('stays finite where the best action is at the border (squash: %s)', async (squash) => {
  const records = await statistics(
    { hidden: [8, 8], squash, learningRate: 0.02, rollout: 2, normalizeRewards: false },
    { type: 'box', low: [0], high: [1e-3] },
    100,
  );
  for (const figures of records)
    for (const figure of Object.values(figures)) expect(Number.isFinite(figure)).toBe(true);
});
