import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compressWithStops, type Outcome } from './stopped-compression.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const SETTINGS = [
  ...['prune', 'quantize'].flatMap((stage) => [
    `${stage}.environment={ use: residual, reference: magnitude, scale: 1 }`,
    `${stage}.reward=agreement`,
    `${stage}.search={ episodes: 5, warmStart: [magnitude], confirm: 3, subset: 15 }`,
    `${stage}.finetune.epochs=0`,
    `${stage}.agent={ use: evolution, parents: 2 }`,
  ]),
  'backend={ use: wasm, workers: 1 }',
];

describe('tersor compress around a heuristic', () => {
  let project: TinyProject;
  let whole: Outcome;
  beforeAll(async () => {
    project = await createTinyProject();
    whole = await compressWithStops(project, 'whole', SETTINGS);
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));

  it('keeps the budgets, begins at the reference, and is rewarded for agreement with the original', () => {
    for (const { reward, measures } of whole.episodes) expect(reward).toBe(-measures['divergence']!);
    for (const stage of ['prune', 'quantize'] as const) {
      const [first] = whole.episodes.filter((episode) => episode.stage === stage);
      expect(first!.actions.every(([action]) => action === 0)).toBe(true);
    }
  });

  it('names the reward of the search and the one of the images that the search never saw', async () => {
    const policy = JSON.parse(String(await readFile(join(project.folder, 'whole/policy.json')))) as unknown;
    for (const stage of ['prune', 'quantize'] as const) {
      const { confirmed, bestReward } = whole.summary.search[stage]!;
      // Of 40 validation images half are set apart.
      expect(confirmed).toMatchObject({ images: 20 });
      expect(confirmed!.candidates).toBeGreaterThan(1);
      expect(confirmed!.searchReward).toBeLessThanOrEqual(bestReward);
      const winner = whole.episodes.find(
        (episode) => episode.stage === stage && episode.episode === confirmed!.episode,
      )!;
      expect(winner.reward).toBe(confirmed!.searchReward);
      expect((policy as Record<string, unknown>)[stage]).toEqual(winner.policy);
    }
  });

  it('ends the same when it is stopped again and again, and resumed', async () => {
    const parts = await compressWithStops(project, 'stopped', SETTINGS, 2);
    expect(parts.stops).toBeGreaterThanOrEqual(4);
    expect(parts.episodes).toEqual(whole.episodes);
    for (const stage of ['prune', 'quantize'] as const)
      expect(parts.summary.search[stage]!.confirmed).toEqual(whole.summary.search[stage]!.confirmed);
  });

  it.each([
    [
      ['prune.racing={}'],
      'prune.racing: by confidence, candidates race by their accuracy, but the reward "agreement" depends on their divergence.',
    ],
    [
      ['prune.environment={ use: residual, reference: taste }'],
      'prune.environment.reference: there is no heuristic "taste"; offered here: ',
    ],
    [['prune.search.subset=2000'], '"search.subset" has to be below "images" (1000)'],
    [
      ['prune.reward=accuracy', 'prune.racing={}'],
      'candidates race on the same images, so "search.subset" and "racing" exclude each other',
    ],
  ])('refuses before it measures: %s', async (settings, message) => {
    const attempt = async () =>
      compressWithStops(project, 'refused', [
        ...SETTINGS.filter((line) => !(settings[0]!.includes('racing') && line.includes('search'))),
        ...settings,
      ]);
    await expect(attempt()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(message),
    });
  });
});
