import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compressWithStops, type Outcome } from './stopped-compression.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

/** Loose, so that on 40 images candidates are dropped at all. */
const RACING = ['prune', 'quantize'].map((stage) => `${stage}.racing={ images: 10, confidence: 0.6 }`);
const SETTINGS = [
  'prune.search.episodes=10',
  'prune.agent.warmup=6',
  'quantize.search.episodes=4',
  'prune.finetune.epochs=0',
  'quantize.finetune.epochs=0',
  'backend={ use: wasm, workers: 1 }',
];

describe('tersor compress with racing', () => {
  let project: TinyProject;
  let whole: Outcome;
  beforeAll(async () => {
    project = await createTinyProject();
    whole = await compressWithStops(project, 'raced', [...SETTINGS, ...RACING]);
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));

  it('stops losing candidates early, tells on how many images each was measured, and never lets one win that did not see all', async () => {
    const { summary, episodes } = whole;
    for (const stage of ['prune', 'quantize'] as const) {
      const images = episodes
        .filter((episode) => episode.stage === stage)
        .map(({ measures }) => measures['images']!);
      expect(images.every((count) => count > 0 && count <= 40 && count % 10 === 0)).toBe(true);
      const figures = summary.search[stage]!;
      expect(figures.images).toBeLessThanOrEqual(40 * figures.evaluations);
      const best = episodes.find(
        (episode) => episode.stage === stage && episode.reward === figures.bestReward,
      )!;
      expect(best.measures['images']).toBe(40);
    }
    expect(summary.search.prune!.images).toBeLessThan(40 * summary.search.prune!.evaluations);
  });

  it('ends the same when it is stopped again and again, and resumed', async () => {
    const parts = await compressWithStops(project, 'stopped', [...SETTINGS, ...RACING], 3);
    expect(parts.stops).toBe(4);
    expect(parts.episodes).toEqual(whole.episodes);
    for (const stage of ['prune', 'quantize'] as const)
      expect(parts.summary.search[stage]!.images).toBe(whole.summary.search[stage]!.images);
    for (const file of ['policy.json', 'model.tersor']) {
      const [a, b] = await Promise.all(
        ['raced', 'stopped'].map((out) => readFile(join(project.folder, out, file))),
      );
      expect(a!.equals(b!)).toBe(true);
    }
  });

  it('races by halving for a reward that needs the divergence, and ends the same when it is stopped and resumed', async () => {
    const halving = ['prune', 'quantize'].flatMap((stage) => [
      `${stage}.racing={ by: halving, images: 10 }`,
      `${stage}.reward=agreement`,
    ]);
    const raced = await compressWithStops(project, 'halved', [...SETTINGS, ...halving]);
    const { images, evaluations } = raced.summary.search.prune!;
    expect(images).toBeLessThan(40 * evaluations);
    for (const stage of ['prune', 'quantize'] as const) {
      const { bestReward } = raced.summary.search[stage]!;
      const episodes = raced.episodes.filter((episode) => episode.stage === stage);
      expect(episodes.every(({ measures }) => [10, 20, 40].includes(measures['images']!))).toBe(true);
      const best = episodes.find(({ reward }) => reward === bestReward)!;
      expect(best.measures).toMatchObject({ images: 40, divergence: -bestReward });
    }
    const parts = await compressWithStops(project, 'halved-in-parts', [...SETTINGS, ...halving], 3);
    expect(parts.stops).toBe(4);
    expect(parts.episodes).toEqual(raced.episodes);
  });

  it('counts no images and changes nothing where it is off, which a race that never drops anything confirms', async () => {
    const [off, never] = [
      await compressWithStops(project, 'off', SETTINGS),
      await compressWithStops(project, 'never', [
        ...SETTINGS,
        ...['prune', 'quantize'].map((stage) => `${stage}.racing={ images: 40 }`),
      ]),
    ];
    expect(off.summary.search.prune).not.toHaveProperty('images');
    expect(off.episodes.every(({ measures }) => !('images' in measures))).toBe(true);
    const withoutCount = never.episodes.map(
      ({ measures: { images, ...measures }, ...episode }) => (
        expect(images).toBe(40),
        { ...episode, measures }
      ),
    );
    expect(withoutCount).toEqual(off.episodes);
  });
});
