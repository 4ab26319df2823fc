import { rm } from 'node:fs/promises';
import fc from 'fast-check';
import { makeStudy, studyFolder } from '../../test/fixtures.js';
import { promoted } from './sampler.js';
import { mostTrials, planStudy } from './study-plan.js';

describe('the sampler of a study', () => {
  let folder: string;
  let path: string;
  beforeAll(async () => void ({ folder, path } = await studyFolder()));
  afterAll(() => rm(folder, { recursive: true }));
  const plan = (changes: object) => planStudy(makeStudy(changes), path);
  const grid = { 'prune.agent.use': ['ddpg', 'random'], 'prune.images': [100, 200, 300, 400, 500] };
  const names = ({ variants }: { variants: readonly { name: string }[] }) => variants.map(({ name }) => name);
  const halving = { use: 'halving', least: 10, most: 90 };

  it('draws the given number of combinations in grid order, the same for the same seed', async () => {
    const whole = names(await plan({ grid }));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 10 }), fc.nat(1000), async (variants, seed) => {
        const drawn = names(await plan({ grid, sampler: { use: 'random', variants, seed } }));
        expect(drawn).toHaveLength(variants);
        expect(drawn).toEqual(whole.filter((name) => drawn.includes(name)));
        expect(names(await plan({ grid, sampler: { use: 'random', variants, seed } }))).toEqual(drawn);
      }),
      { numRuns: 20 },
    );
  });

  it('draws any combination as often as any other', async () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 400; seed++) {
      const { variants } = await plan({ grid, seeds: [1], sampler: { use: 'random', variants: 1, seed } });
      counts.set(variants[0]!.name, (counts.get(variants[0]!.name) ?? 0) + 1);
    }
    expect(counts.size).toBe(10);
    // 40 are expected of each, with a standard deviation of 6.
    for (const count of counts.values()) expect(Math.abs(count - 40)).toBeLessThan(24);
  });

  it('adds the baselines that the drawn ones are compared with', async () => {
    const sampler = { use: 'random', variants: 3, seed: 5 };
    const drawn = names(await plan({ grid, sampler, baseline: { 'prune.agent.use': 'random' } }));
    for (const name of drawn) expect(drawn).toContain(name.replace('ddpg', 'random'));
  });

  it('gives each rung its episodes, whatever "set" and the grid say of the search', async () => {
    const { trials } = await plan({
      set: { 'prune.search.episodes': 3 },
      grid: { search: { whole: { 'prune.search': { subset: 20 } }, own: {} } },
      sampler: { ...halving, least: 10, most: 30 },
      seeds: [1],
    });
    expect(trials.map(({ config }) => config.prune!.search.episodes)).toEqual([10, 10, 30, 30]);
  });

  it('names the samplers that there are', () => {
    expect(() => makeStudy({ grid, sampler: { use: 'tpe' } })).toThrow(/"random".*"halving"/);
  });

  it('plans rungs with fewer places and more episodes', async () => {
    const study = makeStudy({ grid, sampler: halving });
    const planned = await planStudy(study, path);
    expect(planned.rungs!.map(({ episodes, places }) => [episodes, places])).toEqual([
      [10, 10],
      [30, 3],
      [90, 1],
    ]);
    expect(planned.variants[10]).toEqual({
      name: 'ddpg, 100, 30',
      labels: { 'prune.agent.use': 'ddpg', 'prune.images': '100', episodes: '30' },
      settings: { 'prune.agent.use': 'ddpg', 'prune.images': 100, 'prune.search.episodes': 30 },
    });
    // 10, 3 and 1 variants with two seeds each.
    expect(mostTrials(planned, study)).toBe(28);
  });

  it('ends with `most` episodes even if no power of the factor meets it', async () => {
    const { rungs } = await plan({ grid, sampler: { ...halving, least: 10, most: 50, factor: 2 } });
    expect(rungs!.map(({ episodes }) => episodes)).toEqual([10, 20, 40, 50]);
  });

  it('promotes the best variants, the first of ties, and their baselines', async () => {
    const study = makeStudy({ grid, sampler: halving, baseline: { 'prune.agent.use': 'random' } });
    const { rungs, variants } = await planStudy(study, path);
    const [first, second] = rungs!;
    const values = new Map(first!.variants.map((name) => [name, name.startsWith('ddpg') ? 0.5 : 0.4]));
    values.set('ddpg, 400, 10', 0.9);
    values.delete('ddpg, 100, 10');
    expect(promoted(first!, second!, values, study, variants)).toEqual([
      ...['ddpg, 200, 30', 'ddpg, 300, 30', 'ddpg, 400, 30'],
      ...['random, 200, 30', 'random, 300, 30', 'random, 400, 30'],
    ]);
  });

  it.each([
    [{ sampler: { use: 'random', variants: 11 } }, 'draws 11 variants, but the grid has 10'],
    [{ sampler: { ...halving, least: 90 } }, 'begins with 90 episodes and ends with 90'],
    [{ sampler: halving, baseline: 'random, 100' }, 'compares within each rung'],
    [{ sampler: { ...halving, episodes: ['prune.images'] } }, 'varies prune.images'],
    [{ sampler: { ...halving, episodes: ['prune.search.episode'] } }, 'did you mean "prune.search.episodes"'],
    [{ sampler: halving, grid: { episodes: { a: {} } } }, 'has a key "episodes"'],
    [{ sampler: { ...halving, metric: 'testAccuracy' } }, 'sampler'],
    [{ sampler: { ...halving, metric: 'quantizeReward' }, set: { quantize: null } }, 'quantize'],
  ])('refuses %j', async (changes, message) => {
    await expect((async () => plan({ grid, ...changes }))()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(message),
    });
  });
});
