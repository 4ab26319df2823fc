import { episodesTable, resultsTable } from './long-tables.js';
import { csvOf, parquetOf } from './table-files.js';
import type { StudyResults } from './study-results.js';
import { episodes } from '../../test/fixtures.js';

const RESULTS: StudyResults = {
  name: 'a',
  variants: [
    {
      variant: '0.5, "a"',
      labels: { budget: '0.5', agent: '"a"' },
      trials: { done: 1, failed: 1, interrupted: 0, missing: 0 },
      estimates: {},
    },
  ],
  trials: [
    {
      variant: '0.5, "a"',
      seed: 1,
      trial: 'abc',
      status: 'done',
      testImages: 1000,
      figures: { testAccuracy: 0.1 + 0.2, bytes: 1234567 },
    },
    { variant: '0.5, "a"', seed: 2, trial: 'def', status: 'failed', error: '=1+1\nstack', figures: {} },
  ],
  pareto: { bytes: [], macs: [] },
};

it('results.csv has a line a trial that spreadsheets read: quoted where it must be, full precision, empty where there is nothing', () => {
  const csv = csvOf(resultsTable(RESULTS));
  const [header, first, ...rest] = csv.split('\n');
  expect(header!.split(',').slice(0, 8)).toEqual([
    'variant',
    'factor budget',
    'factor agent',
    'seed',
    'trial',
    'status',
    'testImages',
    'testAccuracy',
  ]);
  expect(first).toBe('"0.5, ""a""",0.5,"""a""",1,abc,done,1000,0.30000000000000004,,,1234567,,,,,,,,');
  // A cell that begins like a formula is text.
  expect(rest.join('\n')).toBe('"0.5, ""a""",0.5,"""a""",2,def,failed,,,,,,,,,,,,,"\'=1+1\nstack"\n');
});

it('Parquet has the same cells with their types, as a reader returns them', async () => {
  const { parquetReadObjects } = await import('hyparquet');
  const { buffer } = await parquetOf(resultsTable(RESULTS));
  const [first, second] = await parquetReadObjects({ file: buffer as ArrayBuffer });
  expect(first).toMatchObject({
    variant: '0.5, "a"',
    'factor agent': '"a"',
    seed: 1n,
    testImages: 1000n,
    testAccuracy: 0.1 + 0.2,
    bytes: 1234567,
  });
  // Missing figures have no value; text is unchanged.
  expect(second).toMatchObject({ status: 'failed', error: '=1+1\nstack' });
  expect(second!['bytes'] ?? undefined).toBeUndefined();
});

it('a table without rows is a file with columns', async () => {
  const { parquetMetadata } = await import('hyparquet');
  const { buffer } = await parquetOf(episodesTable({ ...RESULTS, trials: [] }, new Map()));
  const { num_rows: rows, schema } = parquetMetadata(buffer as ArrayBuffer);
  expect([rows, schema.map(({ name }) => name)]).toEqual([0n, expect.arrayContaining(['episode', 'reward'])]);
});

it('the long table has a row for every episode of every variant that a trial belongs to', async () => {
  const variants = ['a', 'b'].map((variant) => ({
    ...RESULTS.variants[0]!,
    variant,
    labels: { agent: variant },
  }));
  const trials = ['a', 'b'].map((variant) => ({ ...RESULTS.trials[0]!, variant }));
  const table = episodesTable({ variants, trials }, new Map([['abc', episodes(1)]]));
  expect(table.rows).toHaveLength(48);
  expect(csvOf(table).split('\n')[1]).toMatch(/^a,a,1,abc,prune,,1,uniform,0\.\d+,/);
  const { parquetReadObjects } = await import('hyparquet');
  const rows = await parquetReadObjects({ file: (await parquetOf(table)).buffer as ArrayBuffer });
  expect(rows.map(({ reward }) => reward as number)).toEqual(
    [...episodes(1), ...episodes(1)].map(({ reward }) => reward),
  );
});
