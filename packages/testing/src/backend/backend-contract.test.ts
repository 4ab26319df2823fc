import { backendContract } from './backend-contract.js';
import { brokenBackends } from './backend-fakes.js';
import { correctBackend } from './correct-backend.js';
import { check, describeContract } from '../contract.js';

describeContract('correct backend', backendContract(correctBackend));

describe('backendContract', () => {
  test.each(Object.entries(brokenBackends()))('finds a backend that breaks: %s', async (name, make) => {
    // Only the case in question: the differences by which the fake trains take their time.
    const failures = await check(backendContract(make).filter((each) => each.name === name));
    expect(failures.map((failure) => failure.name)).toEqual([name]);
  });

  test('has a broken backend for every case', () => {
    expect(Object.keys(brokenBackends()).sort()).toEqual(
      backendContract(correctBackend)
        .map(({ name }) => name)
        .sort(),
    );
  });
});
