import { optunaJournal } from './optuna-journal.js';

test('optunaJournal has a line for the study and one a trial, as Optuna itself writes them', () => {
  const counts = { done: 1, failed: 1, interrupted: 0, missing: 0 };
  const row = (name: string) => ({ variant: name, labels: { agent: name }, trials: counts, estimates: {} });
  const figures = { testAccuracy: 0.8, bytes: 5000, macs: 400, seconds: 60 };
  const journal = optunaJournal(
    {
      name: 'agents',
      variants: [row('ddpg'), row('ppo')],
      trials: [
        { variant: 'ddpg', seed: 1, trial: 'abc', status: 'done', figures },
        { variant: 'ppo', seed: 3, trial: 'def', status: 'failed', error: 'it broke', figures: {} },
        { variant: 'ppo', seed: 1, trial: 'ghi', status: 'missing', figures: {} },
      ],
      pareto: { bytes: [], macs: [] },
    },
    new Date('2026-01-01T00:01:00Z'),
  );
  const lines = journal
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  const distributions = {
    agent: '{"name":"CategoricalDistribution","attributes":{"choices":["ddpg","ppo"]}}',
    seed: '{"name":"IntDistribution","attributes":{"log":false,"step":1,"low":1,"high":3}}',
  };
  expect(lines).toEqual([
    { op_code: 0, worker_id: 'tersor', study_name: 'agents', directions: [2, 1, 1] },
    expect.objectContaining({
      op_code: 4,
      study_id: 0,
      datetime_start: '2026-01-01T00:00:00.000+00:00',
      datetime_complete: '2026-01-01T00:01:00.000+00:00',
      state: 1,
      values: [0.8, 5000, 400],
      distributions,
      params: { agent: 0, seed: 1 },
      user_attrs: { variant: 'ddpg', trial: 'abc', ...figures },
    }),
    expect.objectContaining({
      op_code: 4,
      state: 3,
      params: { agent: 1, seed: 3 },
      user_attrs: { variant: 'ppo', trial: 'def', error: 'it broke' },
    }),
  ]);
  // The dashboard's app in the browser takes a null for a value.
  expect(lines.map((line) => Object.values(line).includes(null))).toEqual([false, false, false]);
  expect(Object.keys(lines[2]!)).not.toContain('values');
});

test('a factor whose labels are all numbers is a number to Optuna, so that trials have no list of them', () => {
  const counts = { done: 1, failed: 0, interrupted: 0, missing: 0 };
  const sizes = Array.from({ length: 1000 }, (_, i) => String(0.3 + i / 5000));
  const journal = optunaJournal(
    {
      name: 'budgets',
      variants: sizes.map((size) => ({
        variant: size,
        labels: { budget: size, bits: 'few' },
        trials: counts,
        estimates: {},
      })),
      trials: sizes.map((size) => ({ variant: size, seed: 1, trial: size, status: 'done', figures: {} })),
      pareto: { bytes: [], macs: [] },
    },
    new Date(0),
  );
  const trial = JSON.parse(journal.split('\n')[3]!) as { distributions: object; params: object };
  expect(trial.distributions).toEqual({
    budget: '{"name":"FloatDistribution","attributes":{"log":false,"low":0.3,"high":0.4998}}',
    bits: '{"name":"CategoricalDistribution","attributes":{"choices":["few"]}}',
    seed: '{"name":"IntDistribution","attributes":{"log":false,"step":1,"low":1,"high":1}}',
  });
  expect(trial.params).toEqual({ budget: 0.3004, bits: 0, seed: 1 });
  expect(journal.length).toBeLessThan(700 * sizes.length);
});
