import { errorOfMean, type ErrorBasis, type Sample } from './error-of-mean.js';
import { mean, standardDeviation } from './moments.js';
import { studentP, studentQuantile } from './student.js';

/** A figure across seeds. */
export interface Estimate {
  /** Values that it is made from: seeds. */
  readonly count: number;
  readonly mean: number;
  /** Sample standard deviation over the seeds, with n - 1; none for a single value. */
  readonly deviation?: number;
  /** 95% confidence interval of the mean; none for fewer than three seeds. */
  readonly interval?: readonly [low: number, high: number];
  /** Which chance the interval covers. */
  readonly basis?: ErrorBasis;
}

/** A difference to a baseline across the seeds that both have. */
export interface Difference extends Estimate {
  /** Two-sided p of no difference; none for fewer than three seeds. */
  readonly p?: number;
  /** The same after Holm's correction for all differences of that metric in the study. */
  readonly adjusted?: number;
}

/** Fewest seeds that an interval is made from: of two, one degree of freedom says next to nothing. */
const FEWEST = 3;
const LEVEL = 0.95;

/**
 * Mean, spread and interval of the values of several seeds. The interval is Student's; samples with images
 * have the error of drawing these in it (`errorOfMean`).
 */
export function estimate(values: readonly (number | Sample)[]): Estimate {
  const { p: _p, ...rest } = describe(values.map(asSample));
  return rest;
}

/**
 * The difference to a baseline, seed by seed: chance that both share (the split, the order of the images)
 * cancels out. Where both know which images they have right, it is image by image too. Seeds that only one of
 * them has are left out; undefined when none is left.
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
 * Holm's step-down correction (1979) of p values for their number, in their order: the chance of one false
 * claim among all of them stays as low as claimed.
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
 * What a difference says: whether it is told apart from none, at 5% for all differences of its table
 * together.
 */
export function verdict({
  mean: center,
  p,
  adjusted = p,
}: Difference): 'higher' | 'lower' | 'not told apart' | 'too few seeds' {
  if (adjusted === undefined) return 'too few seeds';
  if (adjusted >= 1 - LEVEL) return 'not told apart';
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
