import { check } from './contract.js';
import { describeFailure } from './contract-failure.js';
import { rewardContract } from './reward-contract.js';
import { brokenRewards } from './reward-fakes.js';

test('a failure says the member, the expected and the found value, and where the rule is explained', async () => {
  const [failure] = await check(rewardContract(brokenRewards()['does not fall when accuracy rises']!));
  const text = describeFailure('reward', failure!);
  expect(text).toContain('member    evaluate');
  expect(text).toContain('expected  at least 0.9 at accuracy 0.3');
  expect(text).toContain('found     0.7');
  expect(text).toContain('docs/guide/plugins-contracts.md#reward-does-not-fall-when-accuracy-rises');
});
