import { errorOfMean, type ErrorBasis, type Sample } from './error-of-mean.js';
import { mean, standardDeviation } from './moments.js';
import { studentP, studentQuantile } from './student.js';

/** A metric over several seeds. */
export interface Estimate {
  /** Number of values, one per seed. */
  readonly count: number;
  readonly mean: number;
  /** Sample standard deviation over the seeds, with n - 1; absent for a single value. */
  readonly deviation?: number;
  /** 95% confidence interval of the mean; absent for fewer than three seeds. */
  readonly interval?: readonly [low: number, high: number];
  /** Which sources of chance the interval covers. */
  readonly basis?: ErrorBasis;
}

/** A difference from a baseline over the seeds that both have. */
export interface Difference extends Estimate {
  /** Two-sided p value for no difference; absent for fewer than three seeds. */
  readonly p?: number;
  /** The same after Holm's correction for all differences of that metric in the study. */
  readonly adjusted?: number;
}

/** Fewest seeds for an interval: with two, a single degree of freedom says next to nothing. */
const FEWEST = 3;
const LEVEL = 0.95;

/**
 * Mean, standard deviation and interval of the values of several seeds. The interval is Student's; for
 * samples with images it includes the error from the choice of images (`errorOfMean`).
 */
export function estimate(values: readonly (number | Sample)[]): Estimate {
  const { p: _p, ...rest } = describe(values.map(asSample));
  return rest;
}

/**
 * The difference from a baseline, seed by seed: chance that both share (the split, the order of the images)
 * cancels out. If it is known which images both have right, they are compared image by image too. Seeds that
 * only one of them has are left out; undefined if none is left.
 */
export function pairedDifference(
  values: ReadonlyMap<number, number | Sample>,
  baseline: ReadonlyMap<number, number | Sample>,
): Difference | undefined {
  const differences = [...values].flatMap(([seed, value]) => {
    const other = baseline.get(seed);
    return other === undefined ? [] : [subtract(asSample(value), asSample(other))];
  });
  return differences.length > 0 ? describe(differences) : undefined;
}

/**
 * Holm's step-down correction (1979) of p values, returned in the order given: it bounds the chance of even
 * one false claim among all of them.
 */
export function holm(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!);
  const adjusted = new Array<number>(values.length);
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, values[index]! * (values.length - rank)));
    adjusted[index] = largest;
  });
  return adjusted;
}

/**
 * Whether a difference is significant, at 5% for all differences of its table together, and its direction.
 */
export function verdict({
  mean: center,
  p,
  adjusted = p,
}: Difference): 'higher' | 'lower' | 'not significantly different' | 'too few seeds' {
  if (adjusted === undefined) return 'too few seeds';
  if (adjusted >= 1 - LEVEL) return 'not significantly different';
  return center > 0 ? 'higher' : 'lower';
}

function asSample(value: number | Sample): Sample {
  return typeof value === 'number' ? { value } : value;
}

function subtract(a: Sample, b: Sample): Sample {
  const value = a.value - b.value;
  const bounds = a.bounds && b.bounds && ([a.bounds[0] - b.bounds[1], a.bounds[1] - b.bounds[0]] as const);
  const [mine, others] = [a.images, b.images];
  if (!mine || !others) return { value, ...(bounds && { bounds }) };
  const paired =
    mine.outcomes &&
    others.outcomes &&
    mine.id === others.id &&
    mine.outcomes.length === others.outcomes.length;
  const outcomes = paired && Int8Array.from(mine.outcomes, (outcome, i) => outcome - others.outcomes![i]!);
  const images = {
    count: Math.min(mine.count, others.count),
    variance: mine.variance + others.variance,
    ...(outcomes && { outcomes }),
  };
  return { value, ...(bounds && { bounds }), images };
}

function describe(samples: readonly Sample[]): Difference {
  const values = samples.map(({ value }) => value);
  const center = mean(values);
  const deviation = standardDeviation(values);
  const figures = { count: values.length, mean: center, ...(deviation !== undefined && { deviation }) };
  if (values.length < FEWEST) return figures;
  const { variance, freedom, basis } = errorOfMean(samples);
  const error = Math.sqrt(variance);
  const reach = studentQuantile(1 - (1 - LEVEL) / 2, freedom) * error;
  const p = error > 0 ? studentP(center / error, freedom) : center === 0 ? 1 : 0;
  const [least, largest] = samples[0]!.bounds ?? [-Infinity, Infinity];
  return {
    ...figures,
    interval: [Math.max(least, center - reach), Math.min(largest, center + reach)],
    basis,
    p,
  };
}
