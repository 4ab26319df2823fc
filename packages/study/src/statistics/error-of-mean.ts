import { mean, standardDeviation } from './moments.js';

/** Which chance an interval covers. */
export type ErrorBasis =
  /** Other seeds, on the same images. */
  | 'seeds'
  /**
   * Other seeds and other images; which images each network has right is known, and networks are compared
   * image by image.
   */
  | 'images'
  /**
   * Other seeds and other images, as if two networks erred on images independently: wider than it need be.
   */
  | 'binomial';

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

/** How far a mean may be off. */
export interface ErrorOfMean {
  /** Variance of the mean. */
  readonly variance: number;
  /** Degrees of freedom of that variance. */
  readonly freedom: number;
  readonly basis: ErrorBasis;
}

/**
 * How far the mean of seeds may be off: by the seeds that were drawn and, where they are shares of images, by
 * the images too.
 */
export function errorOfMean(samples: readonly Sample[]): ErrorOfMean {
  const seeds = samples.length;
  const ofSeeds = standardDeviation(samples.map(({ value }) => value))! ** 2 / seeds;
  const images = samples.map((sample) => sample.images).filter((found) => found !== undefined);
  if (images.length < seeds) return { variance: ofSeeds, freedom: seeds - 1, basis: 'seeds' };
  const outcomes = images.map((each) => each.outcomes).filter((found) => found !== undefined);
  const sameImages = images.every(({ id, count }) => id === images[0]!.id && count === images[0]!.count);
  if (outcomes.length === seeds && sameImages) return { ...crossedError(outcomes), basis: 'images' };
  const ofImages = mean(images.map(({ variance, count }) => variance / count + 1 / count ** 2));
  return {
    variance: ofSeeds + ofImages,
    freedom: combinedFreedom(ofSeeds, ofImages, seeds),
    basis: 'binomial',
  };
}

/**
 * Error of the mean of a table seeds x images, both drawn from many: the two-way analysis of variance of
 * Dorfman, Berbaum and Metz (1992) for readers x cases, with the degrees of freedom of Hillis (2007). Every
 * seed saw the same images, so more seeds don't make the images' part smaller. One image that goes the other
 * way is added to the variance (after Agresti and Min 2005), so that no disagreement in a small set is not
 * taken for certainty.
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
