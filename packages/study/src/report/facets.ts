import { nameOf } from '../results/baselines.js';
import type { VariantRow } from '../results/compare-variants.js';
import type { StudyResults } from '../results/study-results.js';

/** A part of a study's results with its own tables and charts. */
export interface Facet {
  /** Suffix of its charts' ids; empty for the whole study. */
  readonly suffix: string;
  /** "budget: 0.5"; undefined for the whole study. */
  readonly title: string | undefined;
  /** Its variants and trials, named without the facet's label. */
  readonly results: StudyResults;
}

/** The results split by the labels of an axis, in their order; without an axis, a single facet. */
export function facetsOf(results: StudyResults, axis: string | undefined): Facet[] {
  if (axis === undefined) return [{ suffix: '', title: undefined, results }];
  const labels = [...new Set(results.variants.map((row) => row.labels[axis]!))];
  return labels.map((label, i) => {
    const inside = results.variants.filter((row) => row.labels[axis] === label);
    const names = new Map(inside.map((row) => [row.variant, shortName(row, axis)]));
    const variants = inside.map((row) => ({
      ...row,
      variant: names.get(row.variant)!,
      ...(row.baseline !== undefined && { baseline: names.get(row.baseline) ?? row.baseline }),
    }));
    const trials = results.trials.flatMap((row) =>
      names.has(row.variant) ? [{ ...row, variant: names.get(row.variant)! }] : [],
    );
    return { suffix: `-${i + 1}`, title: `${axis}: ${label}`, results: { ...results, variants, trials } };
  });
}

function shortName({ variant, labels }: VariantRow, axis: string): string {
  const { [axis]: _own, ...rest } = labels;
  return nameOf(rest) || variant;
}
