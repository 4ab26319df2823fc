import { compareNames } from './compare-names.js';

test.each([
  [['budget-0.33', 'budget-0.5', 'budget-0.75', 'budget-1']],
  [['run-0.05', 'run-0.10', 'run-0.1234', 'run-0.5', 'run-2', 'run-10']],
  [['v1.9.0', 'v1.10.0', 'v1.10.1']],
  [['bytes-0.5-seed-2', 'bytes-0.5-seed-10', 'bytes-0.50-seed-11']],
  [['Alpha-3.5', 'alpha-12', 'beta-1.tersor', 'beta-2.tersor']],
])('%j are in order', (names) => {
  expect([...names].reverse().sort(compareNames)).toEqual(names);
  expect([...names].sort(compareNames)).toEqual(names);
});
