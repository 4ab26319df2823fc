import { check, describeContract } from '../contract.js';
import { rewardContract } from './reward-contract.js';
import { brokenRewards, correctReward } from './reward-fakes.js';

describeContract('correct reward', rewardContract(correctReward));

describe('rewardContract', () => {
  test.each(Object.entries(brokenRewards()))('finds one that breaks: %s', async (name, make) => {
    const failures = await check(rewardContract(make));
    expect(failures.map((failure) => failure.name)).toContain(name);
  });

  test('has a broken fake for every case', () => {
    expect(Object.keys(brokenRewards()).sort()).toEqual(
      rewardContract(correctReward)
        .map(({ name }) => name)
        .sort(),
    );
  });
});
