import { studentP, studentQuantile } from './student.js';

/** Which chance an interval covers. */
export type ErrorBasis =
  /** Other seeds, on the same images. */
  | 'seeds'
  /** Other seeds and other images; which images each network has right is known, and networks are compared image by image. */
  | 'images'
  /** Other seeds and other images, as if two networks erred on images independently: wider than it need be. */
  | 'binomial';

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

/** What one seed gives: a value and, where it is a share of images, what is known about these. */
export interface Sample {
  readonly value: number;
  /** Least and largest value that there can be: intervals end there. */
  readonly bounds?: readonly [low: number, high: number];
  readonly images?: {
    /** Images that the share is of. */
    readonly count: number;
    /** Variance of what a single image adds: p (1 - p) for a share p of right ones. */
    readonly variance: number;
    /** What every image adds, in the order of the images: 1 for right, 0 for wrong. */
    readonly outcomes?: ArrayLike<number>;
    /** Tells sets of images apart. */
    readonly id?: string;
  };
}

/** Fewest seeds that an interval is made from: of two, one degree of freedom says next to nothing. */
const FEWEST = 3;
const LEVEL = 0.95;

/** Arithmetic mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation, with n - 1 in the denominator (Bessel's correction); none of fewer than two values. */
export function standardDeviation(values: readonly number[]): number | undefined {
  if (values.length < 2) return undefined;
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1));
}

/**
 * Mean, spread and interval of the values of several seeds. The interval is Student's; samples with images have the error of drawing these in it (`errorOfMean`).
 */
export function estimate(values: readonly (number | Sample)[]): Estimate {
  const { p: _p, ...rest } = describe(values.map(asSample));
  return rest;
}

/**
 * The difference to a baseline, seed by seed: chance that both share (the split, the order of the images) cancels out. Where both know which images they have right,
 * it is image by image too. Seeds that only one of them has are left out; undefined when none is left.
 */
export function pairedDifference(values: ReadonlyMap<number, number | Sample>, baseline: ReadonlyMap<number, number | Sample>): Difference | undefined {
  const differences = [...values].flatMap(([seed, value]) => {
    const other = baseline.get(seed);
    return other === undefined ? [] : [subtract(asSample(value), asSample(other))];
  });
  return differences.length > 0 ? describe(differences) : undefined;
}

/** Holm's step-down correction (1979) of p values for their number, in their order: the chance of one false claim among all of them stays as low as claimed. */
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

/** What a difference says: whether it is told apart from none, at 5% for all differences of its table together. */
export function verdict({ mean: center, p, adjusted = p }: Difference): 'higher' | 'lower' | 'not told apart' | 'too few seeds' {
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
  const paired = mine.outcomes && others.outcomes && mine.id === others.id && mine.outcomes.length === others.outcomes.length;
  const outcomes = paired && Int8Array.from(mine.outcomes, (outcome, i) => outcome - others.outcomes![i]!);
  const images = { count: Math.min(mine.count, others.count), variance: mine.variance + others.variance, ...(outcomes && { outcomes }) };
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
  return { ...figures, interval: [Math.max(least, center - reach), Math.min(largest, center + reach)], basis, p };
}

interface ErrorOfMean {
  /** Variance of the mean. */
  readonly variance: number;
  /** Degrees of freedom of that variance. */
  readonly freedom: number;
  readonly basis: ErrorBasis;
}

/** How far the mean of seeds may be off: by the seeds that were drawn and, where they are shares of images, by the images too. */
function errorOfMean(samples: readonly Sample[]): ErrorOfMean {
  const seeds = samples.length;
  const ofSeeds = standardDeviation(samples.map(({ value }) => value))! ** 2 / seeds;
  const images = samples.map((sample) => sample.images).filter((found) => found !== undefined);
  if (images.length < seeds) return { variance: ofSeeds, freedom: seeds - 1, basis: 'seeds' };
  const outcomes = images.map((each) => each.outcomes).filter((found) => found !== undefined);
  const sameImages = images.every(({ id, count }) => id === images[0]!.id && count === images[0]!.count);
  if (outcomes.length === seeds && sameImages) return { ...crossedError(outcomes), basis: 'images' };
  const ofImages = mean(images.map(({ variance, count }) => variance / count + 1 / count ** 2));
  return { variance: ofSeeds + ofImages, freedom: combinedFreedom(ofSeeds, ofImages, seeds), basis: 'binomial' };
}

/**
 * Error of the mean of a table seeds x images, both drawn from many: the two-way analysis of variance of Dorfman, Berbaum and Metz (1992) for readers x cases, with the
 * degrees of freedom of Hillis (2007). Every seed saw the same images, so more seeds don't make the images' part smaller. One image that goes the other way is added to
 * the variance (after Agresti and Min 2005), so that no disagreement in a small set is not taken for certainty.
 */
function crossedError(outcomes: readonly ArrayLike<number>[]): Omit<ErrorOfMean, 'basis'> {
  const seeds = outcomes.length;
  const count = outcomes[0]!.length;
  const ofSeed = new Float64Array(seeds);
  const ofImage = new Float64Array(count);
  let raw = 0;
  outcomes.forEach((each, seed) => {
    for (let i = 0; i < count; i++) {
      const outcome = each[i]!;
      ofSeed[seed]! += outcome / count;
      ofImage[i]! += outcome / seeds;
      raw += outcome * outcome;
    }
  });
  const center = mean([...ofSeed]);
  const squares = (values: Float64Array) => values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  const total = raw - seeds * count * center ** 2;
  const [bySeed, byImage] = [count * squares(ofSeed), seeds * squares(ofImage)];
  const rest = Math.max(0, total - bySeed - byImage) / ((seeds - 1) * (count - 1));
  const seedPart = Math.max(bySeed / (seeds - 1), rest) / (seeds * count);
  const imagePart = Math.max(byImage / (count - 1) - rest, 0) / (seeds * count) + 1 / count ** 2;
  return { variance: seedPart + imagePart, freedom: combinedFreedom(seedPart, imagePart, seeds) };
}

/** Degrees of freedom of a sum of which only the seeds' part is poorly known (Satterthwaite 1946). */
function combinedFreedom(ofSeeds: number, ofImages: number, seeds: number): number {
  return ofSeeds === 0 ? Infinity : ((ofSeeds + ofImages) ** 2 / ofSeeds ** 2) * (seeds - 1);
}
