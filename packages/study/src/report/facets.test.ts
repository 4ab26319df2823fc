import type { StudyResults } from '../results/study-results.js';
import { facetsOf } from './facets.js';
import { conclusion } from './study-sentences.js';

const difference = {
  count: 3,
  mean: 0.01,
  interval: [-0.01, 0.03] as const,
  basis: 'images' as const,
  p: 0.2,
  adjusted: 0.4,
};
const variants = ['0.5', '0.25'].flatMap((budget) =>
  ['ddpg', 'random'].map((agent) => ({
    variant: `${budget}, ${agent}`,
    labels: { budget, agent },
    trials: { done: 1, failed: 0, interrupted: 0, missing: 0 },
    estimates: {},
    ...(agent === 'ddpg' && { baseline: `${budget}, random`, differences: { testAccuracy: difference } }),
  })),
);
const trials = variants.map(({ variant }) => ({
  variant,
  seed: 1,
  trial: variant,
  status: 'done' as const,
  figures: {},
}));
const results: StudyResults = {
  name: 'a',
  baseline: { agent: 'random' },
  variants,
  trials,
  pareto: { bytes: [], macs: [] },
};

describe('facetsOf', () => {
  it('splits a study by the values of an axis, and names what is inside without it', () => {
    const facets = facetsOf(results, 'budget');
    expect(facets.map(({ title, suffix }) => [title, suffix])).toEqual([
      ['budget: 0.5', '-1'],
      ['budget: 0.25', '-2'],
    ]);
    expect(facets[1]!.results.variants.map(({ variant, baseline }) => [variant, baseline])).toEqual([
      ['ddpg', 'random'],
      ['random', undefined],
    ]);
    expect(facets[1]!.results.trials.map(({ variant, trial }) => [variant, trial])).toEqual([
      ['ddpg', '0.25, ddpg'],
      ['random', '0.25, random'],
    ]);
  });

  it('is one facet of everything without an axis', () =>
    expect(facetsOf(results, undefined)).toEqual([{ suffix: '', title: undefined, results }]));

  it('keeps the correction for the comparisons of the whole study, and says so', () => {
    const [verdicts, explanation] = conclusion(facetsOf(results, 'budget')[0]!.results, results);
    expect(verdicts).toContain(
      'Against random, seed by seed: ddpg is not significantly different (+1.00 points, 95% from −1.00 to +3.00, p = 0.400, 3 seeds)',
    );
    expect(explanation).toContain('all 2 comparisons of the study');
  });
});
