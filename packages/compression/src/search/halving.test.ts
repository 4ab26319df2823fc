import { halvingLooks } from './halving.js';

const RULE = { images: 100, keep: 0.5 };

function looksOf(
  rewardAt: (accuracy: number, divergence?: number) => number,
  others: readonly { readonly looks?: readonly number[] }[],
  best: number,
) {
  const looks: number[] = [];
  const candidate = { policy: {}, rewardAt };
  return { looks, isLost: halvingLooks(RULE, { count: 1000, candidate, looks, others, best }) };
}

const accuracy = (value: number) => value;

test('a candidate in the better half of those that had the same look goes on, another is left', () => {
  const { looks, isLost } = looksOf(accuracy, [{ looks: [0.9, 0.9] }, { looks: [0.5] }, {}], 0.9);
  // Second of three after 100 images, second of two after 200.
  expect(isLost(70, 100)).toBe(false);
  expect(isLost(130, 200)).toBe(true);
  expect(looks).toEqual([0.7, 0.65]);
});

test('looks come after 100, 200, 400 and 800 images, whatever the chunks are, and none when all are seen', () => {
  const { looks, isLost } = looksOf(accuracy, [], 2);
  for (let seen = 50; seen <= 1000; seen += 50) isLost(seen === 1000 ? 0 : seen / 2, seen);
  expect(looks).toHaveLength(4);
  expect(isLost(0, 1000)).toBe(false);
});

test('what is not below the best so far goes on, however many looked better on these images', () => {
  const { isLost } = looksOf(accuracy, [{ looks: [0.95] }, { looks: [0.96] }, { looks: [0.97] }], 0.6);
  expect(isLost(60, 100)).toBe(false);
});

test('a reward by the divergence is told it', () => {
  const { looks, isLost } = looksOf((_, divergence = NaN) => -divergence, [{ looks: [-0.1] }], -0.1);
  expect(isLost(100, 100, 0.3)).toBe(true);
  expect(looks).toEqual([-0.3]);
});
