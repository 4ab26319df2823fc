import '@tensorflow/tfjs-backend-cpu';
import { check, describeContract } from '../contract.js';
import { formatContract } from './format-contract.js';
import { brokenFormats, correctFormat } from './format-fakes.js';

describeContract('correct format', formatContract(correctFormat));

describe('formatContract', () => {
  test.each(Object.entries(brokenFormats()))('finds one that breaks: %s', async (name, make) => {
    const failures = await check(formatContract(make));
    expect(failures.map((failure) => failure.name)).toContain(name);
  });

  test('has a broken fake for every case', () => {
    expect(Object.keys(brokenFormats()).sort()).toEqual(
      formatContract(correctFormat)
        .map(({ name }) => name)
        .sort(),
    );
  });

  test('asks for a sample where a format only reads', async () => {
    const { write: _write, ...reader } = correctFormat();
    const [failure] = await check(formatContract(() => reader));
    expect(String(failure!.error)).toContain('needs a sample');
  });
});
