import { check } from '../contract.js';
import { limitContract } from './limit-contract.js';
import { brokenLimits, correctLimit } from './limit-fakes.js';

it('passes a limit that keeps every promise', async () => {
  expect(await check(limitContract(correctLimit))).toEqual([]);
});

it('has a broken limit for every case', () => {
  expect(Object.keys(brokenLimits()).sort()).toEqual(
    limitContract(correctLimit)
      .map(({ name }) => name)
      .sort(),
  );
});

it.each(Object.entries(brokenLimits()))('catches a limit that fails at: %s', async (name, make) => {
  const failures = await check(limitContract(make));
  expect(failures.map((failure) => failure.name)).toContain(name);
});
