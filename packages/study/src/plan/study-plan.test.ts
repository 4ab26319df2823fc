import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compressConfigSchema, parseConfig } from '@tersor/core';
import { makeStudy, studyFolder } from '../../test/fixtures.js';
import { planStudy, trialId } from './study-plan.js';
import { studySchema } from './study-schema.js';

describe('planStudy', () => {
  let folder: string;
  let path: string;
  beforeAll(async () => void ({ folder, path } = await studyFolder()));
  afterAll(() => rm(folder, { recursive: true }));
  const plan = (changes: object) => planStudy(makeStudy(changes), path);

  it('expands every combination with every seed', async () => {
    const { variants, trials } = await plan({
      grid: { 'prune.agent.use': ['ddpg', 'ppo'], 'prune.budget.macs': [0.5, 0.25, 0.1] },
      seeds: [1, 2, 3],
    });
    expect(variants.map(({ name }) => name)).toEqual([
      'ddpg, 0.5',
      'ddpg, 0.25',
      'ddpg, 0.1',
      'ppo, 0.5',
      'ppo, 0.25',
      'ppo, 0.1',
    ]);
    expect(trials).toHaveLength(18);
    expect(trials[0]!.settings).toEqual({ 'prune.agent.use': 'ddpg', 'prune.budget.macs': 0.5, seed: 1 });
  });

  it('sets several paths under one label', async () => {
    const { variants } = await plan({
      grid: { agent: { ours: { 'prune.agent.use': 'ddpg', 'quantize.agent.use': 'ppo' } } },
      baseline: 'ours',
    });
    expect(variants).toEqual([
      {
        name: 'ours',
        labels: { agent: 'ours' },
        settings: { 'prune.agent.use': 'ddpg', 'quantize.agent.use': 'ppo' },
      },
    ]);
  });

  it('runs trials with the same settings once', async () => {
    const { cells, trials } = await plan({
      grid: {
        agent: { given: {}, named: { 'prune.agent.use': 'ddpg' }, other: { 'prune.agent.use': 'ppo' } },
      },
      seeds: [1],
    });
    expect(cells.map(({ trial }) => trial)).toEqual([trials[0]!.id, trials[0]!.id, trials[1]!.id]);
    expect(trials).toHaveLength(2);
  });

  it('lets what the grid sets win over "set", also where "set" names the same path first', async () => {
    const { trials } = await plan({
      set: { 'prune.search.episodes': 5 },
      grid: {
        search: { whole: { 'prune.search': { subset: 20 } } },
        'prune.search.episodes': [10, 20],
      },
      seeds: [1],
    });
    expect(trials.map(({ config }) => config.prune!.search)).toMatchObject([
      { subset: 20, episodes: 10 },
      { subset: 20, episodes: 20 },
    ]);
  });

  it('refuses a key of the grid that undoes another one', async () => {
    const grid = {
      'prune.search.episodes': [10, 20],
      search: { whole: { 'prune.search': { subset: 20 } } },
    };
    await expect(plan({ grid })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'In the variant "10, whole", "prune.search" replaces "prune.search.episodes" of the grid.',
    });
  });

  it.each([
    ['"set"', { set: { seed: 9 } }],
    ['"grid"', { grid: { seed: [5, 6] } }],
    ['"grid.agent.a"', { grid: { agent: { a: { seed: 5 } } } }],
  ])('refuses a seed in %s, which those of the study would replace', async (place, changes) => {
    await expect(plan(changes)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `"seed" in ${place} has no effect: a study has seeds of its own.`,
    });
  });

  it('refuses two variants whose labels make the same name', async () => {
    const grid = {
      x: { a: {}, 'a, b': { 'prune.minimum': 0.2 } },
      y: { 'b, c': {}, c: { 'prune.minimum': 0.3 } },
    };
    await expect(plan({ grid })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'Two variants of the grid have the name "a, b, c".',
    });
  });

  it.each([
    [{ 'prune.agnet.use': ['ddpg'] }, 'prune.agnet.use', 'prune.agent.use'],
    [{ sed: [1] }, 'sed', 'seed'],
    [{ a: { b: { 'prune.finetune.epoch': 1 } } }, 'prune.finetune.epoch', 'prune.finetune.epochs'],
  ])('names the nearest known path for %j', async (grid, path, nearest) => {
    await expect(plan({ grid })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(new RegExp(`"${path}".*did you mean "${nearest}"`)),
    });
  });

  it('suggests the nearest limit for an unknown one', () =>
    expect(plan({ grid: { 'prune.budget.mac': [0.5] } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('"mac" at prune.budget; did you mean "macs"?'),
    }));

  it('leaves the options of plugins to the plugin', async () => {
    await expect(
      plan({
        grid: { 'prune.agent.warmup': [1, 2], 'prune.pruner.criterion': ['l1'], 'dataset.validation': [100] },
      }),
    ).resolves.toBeDefined();
  });

  it('refuses an invalid value before any trial runs', async () => {
    await expect(plan({ grid: { 'prune.budget.macs': ['half'] } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('prune.budget.macs'),
    });
  });

  it('lists the variants when the baseline is none of them', async () => {
    await expect(plan({ baseline: 'ppo' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      hint: expect.stringContaining('ddpg | random'),
    });
  });

  it('refuses two values with the same label', async () => {
    await expect(plan({ grid: { 'prune.minimum': [1, '1'] } })).rejects.toMatchObject({
      message: expect.stringContaining('two values with the label "1"'),
    });
  });

  it('reports a missing base config', async () => {
    await expect(plan({ config: 'none.yaml' })).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
  });

  it('identifies a trial by what can change its result', async () => {
    await writeFile(join(folder, 'other.yaml'), '');
    const config = { model: 'm.json', dataset: 'cifar10', prune: { agent: 'ddpg', budget: { macs: 0.5 } } };
    const id = (changes: object) => trialId(parseConfig({ ...config, ...changes }, compressConfigSchema));
    expect(id({ output: 'elsewhere' })).toBe(id({}));
    expect(id({ seed: 2 })).not.toBe(id({}));
    expect(id({ seed: 1 })).toBe(id({})); // the default
    expect(id({})).toMatch(/^[0-9a-f]{12}$/);
  });

  it('refuses a seed that comes twice', () => {
    expect(
      studySchema.safeParse({ name: 'a', config: 'c', grid: { seed: [1] }, seeds: [1, 1], output: 'o' })
        .success,
    ).toBe(false);
  });
});
