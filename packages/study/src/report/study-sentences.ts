import { EPISODES } from '../plan/sampler.js';
import type { StudyRecord } from '../results/study-records.js';
import { verdict, type Difference } from '../statistics/statistics.js';
import { seedsNeeded } from '../statistics/power.js';
import type { VariantRow } from '../results/compare-variants.js';
import type { StudyResults } from '../results/study-results.js';
import { points } from './html.js';
import { MOST } from './most.js';

/**
 * Sentences on the paired differences of test accuracy, and on which sources of chance their intervals cover.
 * Empty without a baseline. `whole` is the study that these variants are part of: p values are corrected for
 * all of its comparisons.
 */
export function conclusion({ variants }: StudyResults, whole: StudyResults): string[] {
  const compared = variants.flatMap(({ variant, baseline, differences }) => {
    const found = differences?.testAccuracy;
    return found && baseline !== undefined ? [{ variant, baseline, found }] : [];
  });
  if (compared.length === 0) return [];
  const baselines = [...new Set(compared.map(({ baseline }) => baseline))];
  const same = baselines.length === 1;
  const sentences =
    compared.length > MOST.variants
      ? [tally(compared.map(({ found }) => found))]
      : compared.map(({ variant, baseline, found }) =>
          sentence(variant + (same ? '' : ` against ${baseline}`), found),
        );
  const comparisons = whole.variants.filter(
    ({ differences }) => differences?.testAccuracy?.p !== undefined,
  ).length;
  const lead = same ? `Against ${baselines[0]}, seed by seed: ` : 'Seed by seed: ';
  return [
    `${lead}${sentences.join('; ')}.`,
    explanation(
      compared.map(({ found }) => found),
      comparisons,
    ),
    ...power(compared, comparisons),
  ];
}

/** How many differences say what, where they are too many to be told one by one. */
function tally(differences: readonly Difference[]): string {
  const count = (wanted: ReturnType<typeof verdict>) =>
    differences.filter((found) => verdict(found) === wanted).length;
  return (
    `of ${differences.length} variants ${count('higher')} are more accurate, ${count('lower')} less accurate, ` +
    `${count('not significantly different')} not significantly different, and ${count('too few seeds')} have too few seeds; results.json has each`
  );
}

function sentence(name: string, difference: Difference): string {
  const { mean, interval, adjusted, p = adjusted, count } = difference;
  const seeds = count === 1 ? '1 seed' : `${count} seeds`;
  if (!interval || p === undefined)
    return `${name} has ${points(mean)} points with ${seeds}, too few for an interval`;
  const words = {
    higher: 'is more accurate',
    lower: 'is less accurate',
    'not significantly different': 'is not significantly different',
    'too few seeds': '',
  }[verdict(difference)];
  return `${name} ${words} (${points(mean)} points, 95% from ${points(interval[0])} to ${points(interval[1])}, p ${withSign(adjusted ?? p)}, ${seeds})`;
}

/** How many seeds it would take for the differences that were not told apart. */
function power(
  compared: readonly { readonly variant: string; readonly found: Difference }[],
  comparisons: number,
): string[] {
  const sentences = compared.flatMap(({ variant, found }) => {
    const { mean, deviation } = found;
    if (verdict(found) !== 'not significantly different' || deviation === undefined) return [];
    const seeds = seedsNeeded(mean, deviation, comparisons);
    return seeds === undefined ? [] : [`${variant} ${seeds}`];
  });
  if (sentences.length === 0 || compared.length > MOST.variants) return [];
  return [
    `Seeds needed to detect a difference of the observed size with a chance of 80%, approximately: ${sentences.join(', ')}. ` +
      'This counts only the spread of seeds: more seeds do not make up for a small test set.',
  ];
}

function explanation(differences: readonly Difference[], comparisons: number): string {
  const tested = differences.filter(({ interval }) => interval);
  if (tested.length === 0) return 'An interval needs at least three seeds.';
  const bases = new Set(tested.map(({ basis }) => basis));
  const covered = [
    ...(bases.has('images')
      ? ['Intervals cover other seeds and other test images; networks are compared image by image.']
      : []),
    ...(bases.has('binomial')
      ? [
          'If it is not recorded which images a network classifies correctly, networks are assumed to err independently, which makes intervals wider than necessary.',
        ]
      : []),
    ...(bases.has('seeds')
      ? ['If the number of test images is not recorded, intervals cover other seeds on the same images only.']
      : []),
  ];
  return `${covered.join(' ')} p is Holm's, for ${comparisons === 1 ? 'one comparison' : `all ${comparisons} comparisons of the study together`}; below 0.05 a difference is significant.`;
}

/** Which variants a study runs, in a sentence. */
export function samplerText({
  study: { sampler = 'grid' },
  variants,
}: Pick<StudyRecord, 'study' | 'variants'>): string {
  if (sampler === 'grid') return `${variants.length} variants,`;
  if (sampler.use === 'random') return `${variants.length} variants, drawn at random from the grid;`;
  const rungs = new Map<string, number>();
  for (const { labels } of variants) rungs.set(labels[EPISODES]!, (rungs.get(labels[EPISODES]!) ?? 0) + 1);
  const each = [...rungs].map(
    ([episodes, count], i) => `${count} ${i === 0 ? 'variants ' : ''}with ${episodes} episodes`,
  );
  return `Successive halving by ${sampler.metric}: ${each.join(', ')};`;
}

/** A p value as text, with three decimals. */
export function probability(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

function withSign(p: number): string {
  return p < 0.001 ? probability(p) : `= ${probability(p)}`;
}

/** How many seeds of a variant are done and, if not all are, the status of the others. */
export function seedsText({ trials }: Pick<VariantRow, 'trials'>): string {
  const { done, ...others } = trials;
  const planned = Object.values(trials).reduce((sum, count) => sum + count, 0);
  const rest = Object.entries(others).flatMap(([status, count]) => (count > 0 ? [`${count} ${status}`] : []));
  return rest.length === 0 ? String(done) : `${done} of ${planned}, ${rest.join(', ')}`;
}
