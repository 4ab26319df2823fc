import { relativeWorth } from './relative-worth.js';

test('the best reward is worth 0, the median -log 2, a bad one little less than a worse one', () => {
  const worth = relativeWorth([0.5, 0.9, 0.8]);
  expect(worth(0.9)).toBeCloseTo(0, 12);
  expect(worth(0.8)).toBeCloseTo(-Math.log(2), 12);
  expect(worth(0.5)).toBeCloseTo(-Math.log(5), 12);
});

test('it does not depend on the unit of the rewards', () => {
  const rewards = [3, 1, 4, 1, 5];
  const [one, other] = [relativeWorth(rewards), relativeWorth(rewards.map((reward) => 100 * reward - 7))];
  for (const reward of rewards) expect(other(100 * reward - 7)).toBeCloseTo(one(reward), 12);
});

test('equal rewards are worth the same', () => {
  expect(relativeWorth([2])(2)).toBeCloseTo(0, 12);
  expect(relativeWorth([2, 2])(2)).toBeCloseTo(0, 12);
});
