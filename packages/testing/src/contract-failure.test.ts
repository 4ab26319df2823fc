import '@tensorflow/tfjs-backend-cpu';
import { agentContract } from './agent/agent-contract.js';
import { brokenAgents } from './agent/agent-fakes.js';
import { check } from './contract.js';
import { describeFailure, requireRefusal } from './contract-failure.js';
import { rewardContract } from './reward/reward-contract.js';
import { brokenRewards } from './reward/reward-fakes.js';

test('a failure says the member, the expected and the found value, and where the rule is explained', async () => {
  const [failure] = await check(rewardContract(brokenRewards()['does not fall when accuracy rises']!));
  const text = describeFailure('reward', failure!);
  expect(text).toContain('member    evaluate');
  expect(text).toContain('expected  at least 0.9 at accuracy 0.3');
  expect(text).toContain('found     0.7');
  expect(text).toContain('docs/guide/plugins-contracts.md#reward-does-not-fall-when-accuracy-rises');
});

test('a plugin that throws is told by the member that threw, with the line', async () => {
  const reward = {
    id: 'bad',
    evaluate() {
      throw new TypeError('x is not a function');
    },
  };
  const failure = (await check(rewardContract(() => reward))).find(
    ({ name }) => name === 'is a finite number for every network',
  )!;
  const text = describeFailure('reward', failure);
  expect(text).toContain('member    evaluate');
  expect(text).toMatch(/found {5}TypeError: x is not a function \(.*contract-failure\.test\.ts:\d+:\d+\)*\)/);
});

test('every failed rule of an agent names a member', async () => {
  for (const [name, make] of Object.entries(brokenAgents())) {
    const failure = (
      await check(agentContract(make, { spaces: ['box', 'discrete'], learnsWithin: 100 }))
    ).find((each) => each.name === name)!;
    expect([name, describeFailure('agent', failure)]).toEqual([
      name,
      expect.not.stringContaining('member    -'),
    ]);
  }
});

describe('an error of another copy of @tersor/core', () => {
  class TersorError extends Error {
    override readonly name = 'TersorError';

    constructor(readonly code: string) {
      super('of another copy');
    }
  }

  test('counts by its code', async () => {
    await requireRefusal('read', 'DATASET_INVALID', () => Promise.reject(new TersorError('DATASET_INVALID')));
  });

  test('is refused with another code', async () => {
    await expect(
      requireRefusal('read', 'DATASET_INVALID', () => {
        throw new TersorError('PLAN_MISMATCH');
      }),
    ).rejects.toThrow('found TersorError PLAN_MISMATCH: of another copy');
  });
});
