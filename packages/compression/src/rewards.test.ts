import type { Reward } from '@tersor/core';
import { describeContract, rewardContract } from '@tersor/testing';
import { agreementReward, rewardPlugins } from './rewards.js';

const figures = { macs: 2e6, parameters: 1e5, bytes: 4e5 };
const measures = { accuracy: 0.8, ...figures, baseline: { accuracy: 0.9, ...figures } };
const made = rewardPlugins.map((plugin) => plugin.create({}, undefined as never) as Reward);

for (const reward of made)
  describeContract(
    `reward ${reward.id}`,
    rewardContract(() => reward),
  );

describe('the reward agreement', () => {
  it('is minus the divergence, whatever the accuracy', () => {
    expect(agreementReward({ ...measures, divergence: 0.25 })).toBe(-0.25);
    expect(agreementReward({ ...measures, accuracy: 0.1, divergence: 0 })).toBe(-0);
  });

  it('asks for the divergence, and says what to do where nobody told it', () => {
    expect(made.filter(({ needs }) => needs === 'divergence').map(({ id }) => id)).toEqual(['agreement']);
    expect(() => agreementReward(measures)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        hint: 'The environment has to pass on everything that "evaluate" returns; or choose the reward "accuracy".',
      }),
    );
  });
});
