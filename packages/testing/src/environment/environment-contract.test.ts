import { check, describeContract } from '../contract.js';
import { environmentContract } from './environment-contract.js';
import { brokenEnvironments, correctEnvironment } from './environment-fakes.js';

describeContract('correct environment', environmentContract(correctEnvironment));

describe('environmentContract', () => {
  test.each(Object.entries(brokenEnvironments()))('finds one that breaks: %s', async (name, make) => {
    const failures = await check(environmentContract(make));
    expect(failures.map((failure) => failure.name)).toContain(name);
  });

  test('has a broken fake for every case', () => {
    expect(Object.keys(brokenEnvironments()).sort()).toEqual(
      environmentContract(correctEnvironment)
        .map(({ name }) => name)
        .sort(),
    );
  });
});
