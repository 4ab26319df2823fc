import { resultsCsv } from './results-csv.js';

it('resultsCsv has a line a trial that spreadsheets read: quoted where it must be, full precision, empty where there is nothing', () => {
  const csv = resultsCsv({
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
  });
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
