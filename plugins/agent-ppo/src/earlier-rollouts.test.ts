import { judgedAnew } from './earlier-rollouts.js';

test('judges episodes of earlier policies by the present critic and policy', () => {
  const step = { sample: [0.5], logProbability: -2, value: 9 };
  const steps = judgedAnew(
    [
      {
        steps: [
          { ...step, observation: [1], reward: 0 },
          { ...step, observation: [2], reward: 10 },
        ],
        last: undefined,
      },
      { steps: [{ ...step, observation: [3], reward: 1 }], last: [4] },
    ],
    { valueOf: ([x]) => x!, logProbabilityOf: ([x], [y]) => -x! * y!, gamma: 1, lambda: 0.5 },
  );
  // Of the last step 10 - 2; of the first 0 + 2 - 1, and half of what follows. Cut off: 1 + 4 - 3.
  expect(steps.map(({ advantage }) => advantage)).toEqual([1 + 0.5 * 8, 8, 2]);
  expect(steps.map(({ value, returns }) => [value, returns])).toEqual([
    [1, 6],
    [2, 10],
    [3, 5],
  ]);
  expect(steps.map(({ logProbability, anchor }) => [logProbability, anchor])).toEqual([
    [-2, -0.5],
    [-2, -1],
    [-2, -1.5],
  ]);
});
