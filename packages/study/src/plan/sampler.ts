import { createRandom, TersorError } from '@tersor/core';
import { baselinesOf, nameOf } from '../results/baselines.js';
import type { Halving } from './sampler-schema.js';
import { joinedSettings, type Variant } from './variant.js';
import type { Study } from './study-schema.js';

/** One round of successive halving: the variants that may take part, all with the same number of episodes. */
export interface Rung {
  readonly episodes: number;
  /** How many of them are run, not counting baselines. */
  readonly places: number;
  /** Names of the variants, in the order of the grid. */
  readonly variants: readonly string[];
}

/** What a sampler chose from a grid. */
export interface Sampled {
  readonly variants: readonly Variant[];
  /** The rounds of successive halving; absent with other samplers. */
  readonly rungs?: readonly Rung[];
}

/** The settings of successive halving; undefined for other samplers. */
export function halvingOf({ sampler }: Pick<Study, 'sampler'>): Halving | undefined {
  return typeof sampler === 'object' && sampler.use === 'halving' ? sampler : undefined;
}

/** The factor that successive halving adds to the grid. */
export const EPISODES = 'episodes';

/**
 * Chooses the combinations of a grid that a study runs, and the baselines they are compared with, in the
 * order of the grid. With successive halving (Jamieson and Talwalkar 2016, arXiv 1502.07943; a bracket of
 * Hyperband, Li et al. 2018, arXiv 1603.06560) the number of episodes is one more factor, so each rung has
 * its own variants. Throws `CONFIG_INVALID`.
 */
export function sampleVariants(study: Study, grid: readonly Variant[]): Sampled {
  const { sampler, baseline } = study;
  if (sampler === 'grid') return { variants: grid };
  const drawn = draw(grid, sampler);
  if (sampler.use === 'random') return { variants: withBaselines(drawn, grid, baseline) };
  requireHalving(study, sampler, grid);
  const rungs = episodesOf(sampler).map((episodes) => ({
    episodes,
    variants: withBaselines(drawn, grid, baseline).map((variant) => withEpisodes(variant, episodes, sampler)),
  }));
  return {
    variants: rungs.flatMap(({ variants }) => variants),
    rungs: rungs.map(({ episodes, variants }, i) => ({
      episodes,
      places: i === 0 ? variants.length : Math.max(1, Math.floor(drawn.length / sampler.factor ** i)),
      variants: variants.map(({ name }) => name),
    })),
  };
}

/**
 * The variants of the next rung: the best ones, as many as it has places for, and their baselines. Variants
 * without a value do not go on; ties go to the one that comes first in the grid.
 * @param values value of each variant that `rung` has run: the mean over its seeds
 */
export function promoted(
  rung: Rung,
  next: Rung,
  values: ReadonlyMap<string, number>,
  { baseline }: Pick<Study, 'baseline'>,
  variants: readonly Pick<Variant, 'name' | 'labels'>[],
): string[] {
  const place = new Map(rung.variants.map((name, i) => [name, i]));
  const best = [...values]
    .filter(([name]) => place.has(name))
    .sort(([a, x], [b, y]) => y - x || place.get(a)! - place.get(b)!)
    .slice(0, next.places)
    .map(([name]) => next.variants[place.get(name)!]!);
  const chosen = new Set(best);
  const baselines = baselinesOf(baseline, variants);
  for (const name of best) if (baselines.has(name)) chosen.add(baselines.get(name)!);
  return next.variants.filter((name) => chosen.has(name));
}

function draw(
  grid: readonly Variant[],
  sampler: { readonly variants?: number | undefined; readonly seed: number },
) {
  const { variants: count = grid.length, seed } = sampler;
  if (count > grid.length)
    throw new TersorError(
      'CONFIG_INVALID',
      `The sampler draws ${count} variants, but the grid has ${grid.length} combinations.`,
      { hint: 'Lower sampler.variants, or give the grid more values.' },
    );
  const taken = new Set(createRandom(seed, 'sampler').permutation(grid.length).slice(0, count));
  return grid.filter((_, index) => taken.has(index));
}

function withBaselines(
  drawn: readonly Variant[],
  grid: readonly Variant[],
  baseline: Study['baseline'],
): Variant[] {
  const baselines = baselinesOf(baseline, grid);
  const names = new Set(drawn.flatMap(({ name }) => [name, baselines.get(name) ?? name]));
  return grid.filter(({ name }) => names.has(name));
}

function withEpisodes({ labels, settings }: Variant, episodes: number, sampler: Halving): Variant {
  const all = { ...labels, [EPISODES]: String(episodes) };
  const more = Object.fromEntries(sampler.episodes.map((path) => [path, episodes]));
  return { name: nameOf(all), labels: all, settings: joinedSettings(settings, more) };
}

/** Episodes of each rung: `factor` times those of the rung before; the last rung has `most`. */
function episodesOf({ least, most, factor }: Halving): number[] {
  const rungs: number[] = [];
  for (let episodes = least; episodes < most; episodes *= factor) rungs.push(episodes);
  return [...rungs, most];
}

function requireHalving({ baseline }: Study, sampler: Halving, grid: readonly Variant[]): void {
  const { least, most, episodes } = sampler;
  if (least >= most)
    throw invalid(
      `Successive halving begins with ${least} episodes and ends with ${most}.`,
      'sampler.least must be less than sampler.most.',
    );
  if (typeof baseline === 'string')
    throw invalid(
      `The baseline "${baseline}" is one variant, but successive halving compares within each rung.`,
      'Name it by its labels, for instance baseline: { agent: random }.',
    );
  const varied = episodes.find((path) => grid.some(({ settings }) => path in settings));
  if (varied !== undefined)
    throw invalid(
      `The grid varies ${varied}, which successive halving sets.`,
      'Take it out of the grid, or name other paths in sampler.episodes.',
    );
  if (grid.some(({ labels }) => EPISODES in labels))
    throw invalid(
      `The grid has a key "${EPISODES}", the name of the factor that successive halving adds.`,
      'Give the key of the grid another name.',
    );
}

function invalid(message: string, hint: string): TersorError {
  return new TersorError('CONFIG_INVALID', message, { hint });
}
