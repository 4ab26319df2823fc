import { TersorError } from '@tersor/core';
import { closest } from 'fastest-levenshtein';
import type { Study } from '../plan/study-schema.js';

/** The parts of a variant that a comparison needs. */
interface Named {
  readonly name: string;
  /** Label on each axis. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The variant that each variant is compared with, by name: the one that the study names, or the one that
 * differs in the given labels only ("within each budget"). Baselines themselves are left out. Throws
 * `CONFIG_INVALID` if no variant matches the baseline.
 */
export function baselinesOf(
  baseline: Study['baseline'],
  variants: readonly Named[],
): ReadonlyMap<string, string> {
  if (baseline === undefined) return new Map();
  if (typeof baseline === 'string') requireVariant(baseline, variants);
  else requireLabels(baseline, variants);
  const of = ({ labels }: Pick<Named, 'labels'>) =>
    typeof baseline === 'string' ? baseline : nameOf({ ...labels, ...texts(baseline) });
  return new Map(
    variants.flatMap((variant) =>
      of(variant) === variant.name ? [] : [[variant.name, of(variant)] as const],
    ),
  );
}

/** A variant's name: its labels in the order of the grid. */
export function nameOf(labels: Readonly<Record<string, string>>): string {
  return Object.values(labels).join(', ');
}

/** The name of a baseline in tables and sentences. */
export function baselineName(baseline: Exclude<Study['baseline'], undefined>): string {
  return typeof baseline === 'string' ? baseline : Object.values(texts(baseline)).join(', ');
}

function requireVariant(baseline: string, variants: readonly Pick<Named, 'name'>[]): void {
  if (variants.some(({ name }) => name === baseline)) return;
  throw new TersorError('CONFIG_INVALID', `The baseline "${baseline}" is not a variant of the study.`, {
    hint: `Its variants are: ${variants.map(({ name }) => name).join(' | ')}`,
  });
}

function requireLabels(
  baseline: Readonly<Record<string, unknown>>,
  variants: readonly Pick<Named, 'labels'>[],
): void {
  for (const [axis, label] of Object.entries(texts(baseline))) {
    const axes = Object.keys(variants[0]!.labels);
    if (!axes.includes(axis)) {
      const hint = `Did you mean "${closest(axis, axes)}"? The study varies: ${axes.join(' | ')}`;
      throw new TersorError('CONFIG_INVALID', `The baseline names "${axis}", which the grid does not vary.`, {
        hint,
      });
    }
    const labels = [...new Set(variants.map((variant) => variant.labels[axis]!))];
    if (labels.includes(label)) continue;
    throw new TersorError('CONFIG_INVALID', `The baseline's "${label}" is not a value of "${axis}".`, {
      hint: `Its values are: ${labels.join(' | ')}`,
    });
  }
}

function texts(baseline: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(baseline).map(([axis, label]) => [axis, String(label)]));
}
