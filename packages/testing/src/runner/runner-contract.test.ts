import type { RunIdentity } from '@tersor/core';
import { check, describeContract } from '../contract.js';
import { runnerContract } from './runner-contract.js';
import { brokenRunners, correctRunner } from './runner-fakes.js';

const identify = async (): Promise<RunIdentity> => ({
  tersor: '1.2.3',
  model: { topology: 't', weights: 'w' },
  dataset: 'd',
  files: {},
  plugins: {},
});
/** Some of those that are broken never answer. */
const soon = { identify, patienceMs: 500 };
const broken = Object.entries(brokenRunners()).flatMap(([name, runners]) =>
  Object.entries(runners).map(([how, make]) => [how, name, make] as const),
);

describeContract(
  'correct runner',
  runnerContract(() => correctRunner(), { identify }),
);

describe('runnerContract', () => {
  test.each(broken)('finds one that %s: %s', async (_, name, make) => {
    const failures = await check(runnerContract(make, soon).filter((each) => each.name === name));
    expect(failures.map((failure) => failure.name)).toEqual([name]);
  });

  test('has a broken fake for every case', () => {
    expect(Object.keys(brokenRunners())).toEqual(
      runnerContract(() => correctRunner(), soon).map(({ name }) => name),
    );
  });
});
