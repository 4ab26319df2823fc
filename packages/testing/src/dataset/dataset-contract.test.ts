import { check, describeContract } from '../contract.js';
import { datasetContract } from './dataset-contract.js';
import { brokenDatasets, correctDataset } from './dataset-fakes.js';

describeContract('correct dataset', datasetContract(correctDataset));

describe('datasetContract', () => {
  test.each(Object.entries(brokenDatasets()))('finds one that breaks: %s', async (name, make) => {
    const failures = await check(datasetContract(make));
    expect(failures.map((failure) => failure.name)).toContain(name);
  });

  test('has a broken fake for every case', () => {
    expect(Object.keys(brokenDatasets()).sort()).toEqual(
      datasetContract(correctDataset)
        .map(({ name }) => name)
        .sort(),
    );
  });
});
