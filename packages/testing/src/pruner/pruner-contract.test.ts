import { check, describeContract } from '../contract.js';
import { prunerContract } from './pruner-contract.js';
import { brokenBlockPruners, correctBlockPruner } from './block-pruner-fakes.js';
import { brokenPruners, correctPruner } from './pruner-fakes.js';

describeContract('correct pruner', prunerContract(correctPruner));

describeContract('correct pruner of blocks', prunerContract(correctBlockPruner));

describe('prunerContract', () => {
  test.each(Object.entries(brokenPruners()))('finds a pruner that breaks: %s', async (name, make) => {
    const failures = await check(prunerContract(make));
    expect(failures.map((failure) => failure.name)).toContain(name);
  });

  test.each(brokenBlockPruners)('finds a pruner of blocks that $what', async ({ name, make }) => {
    const failures = await check(prunerContract(make));
    expect(failures.map((failure) => failure.name)).toContain(name);
  });

  test('has a broken pruner for every case', () => {
    expect(Object.keys(brokenPruners()).sort()).toEqual(
      prunerContract(correctPruner)
        .map(({ name }) => name)
        .sort(),
    );
  });
});
