import { check } from '../contract.js';
import { quantizerContract } from './quantizer-contract.js';
import { brokenQuantizers, correctQuantizer } from './quantizer-fakes.js';

it('passes a quantizer that keeps every promise', async () => {
  expect(await check(quantizerContract(correctQuantizer))).toEqual([]);
});

it('has a broken quantizer for every case', () => {
  expect(Object.keys(brokenQuantizers()).sort()).toEqual(
    quantizerContract(correctQuantizer)
      .map(({ name }) => name)
      .sort(),
  );
});

it.each(Object.entries(brokenQuantizers()))('catches a quantizer that fails at: %s', async (name, make) => {
  const failures = await check(quantizerContract(make).filter((each) => each.name === name));
  expect(failures.map((failure) => failure.name)).toEqual([name]);
});
