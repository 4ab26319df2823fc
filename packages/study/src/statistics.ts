import { createRandom } from '@tersor/rl';

/** A figure across seeds. */
export interface Estimate {
  /** Values that it is made from. */
  readonly count: number;
  readonly mean: number;
  /** Sample standard deviation, with n - 1; 0 for a single value. */
  readonly deviation: number;
  /** Bootstrap confidence interval of the mean, 95%. */
  readonly interval: readonly [low: number, high: number];
}

const LEVEL = 0.95;
const RESAMPLES = 10_000;

/** Arithmetic mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation, with n - 1 in the denominator (Bessel's correction); 0 for a single value. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1));
}

/**
 * Percentile bootstrap of the mean (Efron and Tibshirani 1993, chapter 13): `resamples` samples of the same size are drawn with replacement, and the interval holds
 * the middle `level` of their means. Deterministic by seed. With three seeds it can't be wider than the three values: it shows spread, it proves little.
 */
export function bootstrapInterval(values: readonly number[], { seed = 1, resamples = RESAMPLES, level = LEVEL } = {}): readonly [low: number, high: number] {
  const random = createRandom(seed, 'bootstrap');
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[random.integer(values.length)]!;
    return sum / values.length;
  }).sort();
  const tail = (1 - level) / 2;
  return [quantile(means, tail), quantile(means, 1 - tail)];
}

/** Mean, spread and interval of the values of several seeds. */
export function estimate(values: readonly number[]): Estimate {
  return { count: values.length, mean: mean(values), deviation: standardDeviation(values), interval: bootstrapInterval(values) };
}

/**
 * The difference to a baseline, seed by seed: chance that both share (the split, the order of the images) cancels out. Seeds that only one of them has are left
 * out; undefined when none is left.
 */
export function pairedDifference(values: ReadonlyMap<number, number>, baseline: ReadonlyMap<number, number>): Estimate | undefined {
  const differences = [...values].flatMap(([seed, value]) => (baseline.has(seed) ? [value - baseline.get(seed)!] : []));
  return differences.length > 0 ? estimate(differences) : undefined;
}

/** Quantile of sorted values, linear between neighbours (Hyndman and Fan 1996, type 7). */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (position - below);
}
