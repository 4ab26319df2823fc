import { packBits, type Outcomes } from '@tersor/compression';
import { summarizeStudy } from './study-results.js';
import type { TrialRow } from './trial-figures.js';
import { conclusion } from '../report/study-sentences.js';
import { makeStudy } from '../../test/fixtures.js';

const IMAGES = 1000;
const AGENTS = { random: [0.1, 0.11, 0.09], better: [0.02, 0.03, 0.025], same: [0.101, 0.109, 0.091] };
const labels = (agent: string) => ({ agent });
const variants = Object.keys(AGENTS).map((agent) => ({ name: agent, labels: labels(agent), settings: {} }));

/** Networks that have the first images wrong: the worse network's errors include the better one's. */
const outcomes = (wrong: number): Outcomes => {
  const right = Uint8Array.from({ length: IMAGES }, (_, i) => Number(i >= wrong * IMAGES));
  return {
    count: IMAGES,
    images: 'the same',
    baseline: packBits(new Uint8Array(IMAGES).fill(1)),
    compressed: packBits(right),
  };
};
const trials = Object.entries(AGENTS).flatMap(([variant, wrong]) =>
  wrong.map((share, i): TrialRow => {
    const testAccuracy = 1 - Math.round(share * IMAGES) / IMAGES;
    const figures = { testAccuracy, accuracyChange: testAccuracy - 1, bytes: 1000 };
    return { variant, seed: i + 1, trial: `${variant}-${i}`, status: 'done', testImages: IMAGES, figures };
  }),
);
const all = new Map(
  Object.entries(AGENTS).flatMap(([variant, wrong]) =>
    wrong.map((share, i) => [`${variant}-${i}`, outcomes(share)] as const),
  ),
);
const study = makeStudy({
  grid: { agent: Object.fromEntries(Object.keys(AGENTS).map((agent) => [agent, {}])) },
  baseline: 'random',
  seeds: [1, 2, 3],
});
const rowOf = (results: ReturnType<typeof summarizeStudy>, name: string) =>
  results.variants.find(({ variant }) => variant === name)!;

describe('variants compared', () => {
  it('image by image, with p corrected for all comparisons', () => {
    const results = summarizeStudy({ study, variants }, trials, all);
    const better = rowOf(results, 'better').differences!.testAccuracy!;
    expect(better).toMatchObject({
      count: 3,
      mean: expect.closeTo(0.075, 9),
      basis: 'images',
      adjusted: expect.closeTo(2 * better.p!, 9),
    });
    expect(better.interval![0]).toBeGreaterThan(0);
    expect(rowOf(results, 'same').differences!.testAccuracy!.adjusted).toBeGreaterThan(0.05);
    const [verdicts, explanation] = conclusion(results, results);
    expect(verdicts).toMatch(
      /^Against random, seed by seed: better is more accurate .*; same is not significantly different /,
    );
    expect(explanation).toMatch(/image by image.*all 2 comparisons of the study together/);
  });

  it('as if networks erred independently if outcomes are not recorded: wider intervals', () => {
    const [kept, forgotten] = [
      summarizeStudy({ study, variants }, trials, all),
      summarizeStudy({ study, variants }, trials),
    ];
    const width = (results: typeof kept) => {
      const [low, high] = rowOf(results, 'same').differences!.testAccuracy!.interval!;
      return high - low;
    };
    expect(rowOf(forgotten, 'same').differences!.testAccuracy!.basis).toBe('binomial');
    expect(width(forgotten)).toBeGreaterThan(3 * width(kept));
    expect(conclusion(forgotten, forgotten)[1]).toContain('independently');
  });

  it('does not mix up the outcomes of different trials', () => {
    const mixed = new Map([...all, ['same-0', outcomes(0.2)] as const]);
    expect(
      rowOf(summarizeStudy({ study, variants }, trials, mixed), 'same').differences!.testAccuracy!.basis,
    ).toBe('binomial');
  });

  it('with one seed have no deviation, no interval and no verdict', () => {
    const results = summarizeStudy(
      { study: { ...study, seeds: [1] }, variants },
      trials.filter(({ seed }) => seed === 1),
      all,
    );
    expect(rowOf(results, 'better').estimates.testAccuracy).toEqual({ count: 1, mean: 0.98 });
    expect(Object.keys(rowOf(results, 'better').differences!.testAccuracy!)).toEqual(['count', 'mean']);
    expect(conclusion(results, results)[0]).toContain(
      'better has +8.00 points with 1 seed, too few for an interval',
    );
    expect(conclusion(results, results).join(' ')).not.toMatch(/accurate|95%/);
  });
});
