import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { compressConfigSchema, readConfig, TersorError, type CompressConfig } from '@tersor/core';
import { closest } from 'fastest-levenshtein';
import { baselinesOf, nameOf } from '../results/baselines.js';
import { requireKnownPaths } from './config-paths.js';
import { EPISODES, halvingOf, sampleVariants, type Rung } from './sampler.js';
import type { Study } from './study-schema.js';
import { joinedSettings, type Settings, type Variant } from './variant.js';

/** One run of `compress`. */
export interface PlannedTrial {
  /** Hash of the resolved config: trials with equal configs are one trial. */
  readonly id: string;
  readonly seed: number;
  /** Settings on top of the base config, including the seed. */
  readonly settings: Settings;
  /** The base config with these settings. */
  readonly config: CompressConfig;
}

/** A variant with a seed, and the trial that has its result. */
export interface Cell {
  readonly variant: string;
  readonly seed: number;
  readonly trial: string;
}

/** Everything that a study runs. */
export interface StudyPlan {
  /** Absolute path of the base config. */
  readonly configPath: string;
  readonly variants: readonly Variant[];
  readonly cells: readonly Cell[];
  /**
   * Each trial once, in the order in which they start: all variants of one seed before the next seed, so that
   * an unfinished study already compares variants.
   */
  readonly trials: readonly PlannedTrial[];
  /**
   * The rounds of successive halving. Only the variants of the first round are known beforehand; `variants`,
   * `cells` and `trials` have all that may run.
   */
  readonly rungs?: readonly Rung[];
}

/**
 * Expands a study's grid into trials. `path` is the file that the study was read from. Throws
 * `CONFIG_INVALID`, also for a setting that the config schema rejects.
 */
export async function planStudy(study: Study, path: string): Promise<StudyPlan> {
  const configPath = resolve(dirname(path), study.config);
  requireNoSeed(study);
  requireKnownPaths(pathsOf(study), compressConfigSchema);
  const grid = variantsOf(study.grid);
  baselinesOf(study.baseline, grid);
  requireFacet(study);
  const { variants, rungs } = sampleVariants(study, grid);
  requireOwnNames(variants);
  requireNothingReplaced(variants);
  const cells: Cell[] = [];
  const trials = new Map<string, PlannedTrial>();
  for (const seed of study.seeds) {
    for (const variant of variants) {
      const settings = joinedSettings(study.set, variant.settings, { seed });
      const config = await readConfig(configPath, compressConfigSchema, overridesOf(settings));
      requireChosenBy(study, config);
      const id = trialId(config);
      cells.push({ variant: variant.name, seed, trial: id });
      if (!trials.has(id)) trials.set(id, { id, seed, settings, config });
    }
  }
  return { configPath, variants, cells, trials: [...trials.values()], ...(rungs && { rungs }) };
}

/** How many trials a plan runs at most, not counting baselines that are kept from rung to rung. */
export function mostTrials({ trials, rungs }: StudyPlan, { seeds }: Pick<Study, 'seeds'>): number {
  return rungs ? rungs.reduce((sum, { places }) => sum + places * seeds.length, 0) : trials.length;
}

/** Settings in the form of `--set`, the values as JSON. */
export function overridesOf(settings: Settings): string[] {
  return Object.entries(settings).map(([path, value]) => `${path}=${JSON.stringify(value)}`);
}

/**
 * Identity of a trial: the first 12 hexadecimal digits of the SHA-256 of its config, without the settings
 * that cannot change the result.
 */
export function trialId(config: CompressConfig): string {
  const irrelevant = ['output', '$schema', 'checkpointSeconds'];
  const relevant = Object.fromEntries(Object.entries(config).filter(([key]) => !irrelevant.includes(key)));
  return createHash('sha256').update(canonicalJson(relevant)).digest('hex').slice(0, 12);
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (typeof value !== 'object' || !value) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`)
    .join()}}`;
}

function pathsOf(study: Study): { path: string; place: string }[] {
  const { set, grid } = study;
  const places = (settings: Settings, place: string) =>
    Object.keys(settings).map((path) => ({ path, place }));
  return [
    ...places(set, '"set"'),
    ...(halvingOf(study)?.episodes ?? []).map((path) => ({
      path,
      place: '"sampler.episodes"',
    })),
    ...Object.entries(grid).flatMap(([axis, values]) =>
      Array.isArray(values)
        ? [{ path: axis, place: '"grid"' }]
        : Object.entries(values).flatMap(([label, settings]) => places(settings, `"grid.${axis}.${label}"`)),
    ),
  ];
}

/** Throws `CONFIG_INVALID` where a seed would be replaced by those of the study. */
function requireNoSeed(study: Study): void {
  const found = pathsOf(study).find(({ path }) => path === 'seed');
  if (!found) return;
  throw new TersorError(
    'CONFIG_INVALID',
    `"seed" in ${found.place} has no effect: a study has seeds of its own.`,
    {
      hint: 'Name them in "seeds", for instance seeds: [1, 2, 3].',
    },
  );
}

/** Throws `CONFIG_INVALID` where two variants would be one in every table. */
function requireOwnNames(variants: readonly Variant[]): void {
  const names = new Set<string>();
  for (const { name } of variants) {
    if (names.has(name))
      throw new TersorError('CONFIG_INVALID', `Two variants of the grid have the name "${name}".`, {
        hint: 'Their labels, joined by commas, are the same: change a label that has a comma.',
      });
    names.add(name);
  }
}

/** Throws `CONFIG_INVALID` where one key of the grid undoes what another one has set. */
function requireNothingReplaced(variants: readonly Variant[]): void {
  for (const { name, settings } of variants) {
    const paths = Object.keys(settings);
    const lost = paths.find((path, i) => paths.slice(i + 1).some((later) => path.startsWith(`${later}.`)));
    if (lost === undefined) continue;
    const by = paths.find((path) => lost.startsWith(`${path}.`))!;
    throw new TersorError(
      'CONFIG_INVALID',
      `In the variant "${name}", "${by}" replaces "${lost}" of the grid.`,
      {
        hint: `Set single paths below "${by}", or put what sets it before what sets "${lost}".`,
      },
    );
  }
}

function variantsOf(grid: Study['grid']): Variant[] {
  let variants: Omit<Variant, 'name'>[] = [{ labels: {}, settings: {} }];
  for (const [axis, values] of Object.entries(grid)) {
    const options = Array.isArray(values)
      ? values.map((value) => [labelOf(value), { [axis]: value }] as const)
      : Object.entries(values);
    const labels = options.map(([label]) => label);
    const twice = labels.find((label, i) => labels.indexOf(label) !== i);
    if (twice !== undefined)
      throw new TersorError('CONFIG_INVALID', `grid.${axis} has two values with the label "${twice}".`, {
        hint: 'Name them: { label: { path: value } }.',
      });
    variants = variants.flatMap((variant) =>
      options.map(([label, settings]) => ({
        labels: { ...variant.labels, [axis]: label },
        settings: joinedSettings(variant.settings, settings),
      })),
    );
  }
  return variants.map((variant) => ({ name: nameOf(variant.labels), ...variant }));
}

function requireFacet(study: Study): void {
  const { facet, grid } = study;
  const axes = [...Object.keys(grid), ...(halvingOf(study) ? [EPISODES] : [])];
  if (facet === undefined || axes.includes(facet)) return;
  throw new TersorError('CONFIG_INVALID', `The facet "${facet}" is not a key of the grid.`, {
    hint: `Did you mean "${closest(facet, axes)}"?`,
  });
}

/** Throws `CONFIG_INVALID` if successive halving chooses by the reward of a stage that trials lack. */
function requireChosenBy(study: Study, config: CompressConfig): void {
  const halving = halvingOf(study);
  if (!halving) return;
  const stage = { pruneReward: 'prune', quantizeReward: 'quantize', validationAccuracy: undefined } as const;
  const needed = stage[halving.metric];
  if (needed === undefined || config[needed] !== undefined) return;
  throw new TersorError(
    'CONFIG_INVALID',
    `The sampler chooses by ${halving.metric}, but trials have no "${needed}".`,
    {
      hint: 'Set sampler.metric to validationAccuracy, or to the reward of a search that the config has.',
    },
  );
}

function labelOf(value: unknown): string {
  if (typeof value !== 'object') return String(value);
  if (value && 'use' in value)
    return Object.keys(value).length === 1
      ? String(value.use)
      : `${String(value.use)} ${JSON.stringify({ ...value, use: undefined })}`;
  return JSON.stringify(value);
}
