import type { Outcomes } from '@tersor/compression';
import { baselinesOf } from './baselines.js';
import type { Sample } from '../statistics/error-of-mean.js';
import {
  estimate,
  holm,
  pairedDifference,
  type Difference,
  type Estimate,
} from '../statistics/statistics.js';
import type { Variant } from '../plan/variant.js';
import type { Study } from '../plan/study-schema.js';
import { METRICS, type Metric, type TrialRow } from './trial-figures.js';
import { sampleOf } from './trial-samples.js';

/** One variant across its seeds. */
export interface VariantRow {
  readonly variant: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Number of its trials by status; their sum is the number of seeds. */
  readonly trials: Readonly<Record<TrialRow['status'], number>>;
  readonly estimates: Readonly<Partial<Record<Metric, Estimate>>>;
  /** The variant that this one is compared with. */
  readonly baseline?: string;
  /** Differences from the baseline, paired by seed. */
  readonly differences?: Readonly<Partial<Record<Metric, Difference>>>;
}

interface Input {
  readonly variants: readonly Pick<Variant, 'name' | 'labels'>[];
  readonly trials: readonly TrialRow[];
  readonly baseline: Study['baseline'];
  /** By trial id. */
  readonly outcomes: ReadonlyMap<string, Outcomes>;
}

/**
 * Estimates for every variant over its seeds, and its differences from its baseline. The p values of a metric
 * are corrected for all of its comparisons in the study.
 */
export function compareVariants({ variants, trials, baseline, outcomes }: Input): VariantRow[] {
  const baselines = baselinesOf(baseline, variants);
  const metrics = Object.keys(METRICS) as Metric[];
  const ofVariant = new Map<string, TrialRow[]>(variants.map(({ name }) => [name, []]));
  for (const row of trials) ofVariant.get(row.variant)?.push(row);
  const samples = (variant: string, metric: Metric): Map<number, Sample> =>
    new Map(
      (ofVariant.get(variant) ?? []).flatMap((row) => {
        const sample = sampleOf(row, metric, outcomes.get(row.trial));
        return sample ? [[row.seed, sample] as const] : [];
      }),
    );
  const differences = new Map(
    metrics.map((metric) => [
      metric,
      corrected(differencesOf(baselines, (variant) => samples(variant, metric))),
    ]),
  );
  return variants.map(({ name, labels }): VariantRow => {
    const other = baselines.get(name);
    return {
      variant: name,
      labels,
      trials: countTrials(ofVariant.get(name)!),
      estimates: gather(metrics, (metric) => {
        const values = [...samples(name, metric).values()];
        return values.length > 0 ? estimate(values) : undefined;
      }),
      ...(other !== undefined && {
        baseline: other,
        differences: gather(metrics, (metric) => differences.get(metric)?.get(name)),
      }),
    };
  });
}

function countTrials(rows: readonly TrialRow[]): VariantRow['trials'] {
  const counts = { done: 0, failed: 0, interrupted: 0, missing: 0 };
  for (const { status } of rows) counts[status]++;
  return counts;
}

function differencesOf(
  baselines: ReadonlyMap<string, string>,
  samples: (variant: string) => Map<number, Sample>,
): Map<string, Difference> {
  return new Map(
    [...baselines].flatMap(([variant, baseline]) => {
      const difference = pairedDifference(samples(variant), samples(baseline));
      return difference ? [[variant, difference] as const] : [];
    }),
  );
}

function corrected(differences: ReadonlyMap<string, Difference>): Map<string, Difference> {
  const tested = [...differences].filter(([, { p }]) => p !== undefined);
  const adjusted = holm(tested.map(([, { p }]) => p!));
  return new Map([
    ...differences,
    ...tested.map(
      ([variant, difference], i) => [variant, { ...difference, adjusted: adjusted[i]! }] as const,
    ),
  ]);
}

function gather<T>(
  metrics: readonly Metric[],
  make: (metric: Metric) => T | undefined,
): Partial<Record<Metric, T>> {
  const found: Partial<Record<Metric, T>> = {};
  for (const metric of metrics) {
    const value = make(metric);
    if (value !== undefined) found[metric] = value;
  }
  return found;
}
