import { mean, standardDeviation } from './moments.js';

/** Which sources of chance an interval covers. */
export type ErrorBasis =
  /** Other seeds, on the same images. */
  | 'seeds'
  /**
   * Other seeds and other images. It is known which images each network has right, so networks are compared
   * image by image.
   */
  | 'images'
  /**
   * Other seeds and other images, treating the errors of two networks as independent: wider than necessary.
   */
  | 'binomial';

/** Result of one seed: a value and, if it is a share of images, what is known about these images. */
export interface Sample {
  readonly value: number;
  /** Smallest and largest possible value; intervals are cut off there. */
  readonly bounds?: readonly [low: number, high: number];
  readonly images?: {
    /** Number of images. */
    readonly count: number;
    /** Variance of a single image's contribution: p (1 - p) if a share p is right. */
    readonly variance: number;
    /** Contribution of each image, in the order of the images: 1 if right, 0 if wrong. */
    readonly outcomes?: ArrayLike<number>;
    /** Identifies the set of images. */
    readonly id?: string;
  };
}

/** Error of a mean. */
export interface ErrorOfMean {
  /** Variance of the mean. */
  readonly variance: number;
  /** Degrees of freedom of that variance. */
  readonly freedom: number;
  readonly basis: ErrorBasis;
}

/**
 * Error of the mean over seeds: from the choice of seeds and, if the values are shares of images, from the
 * choice of images too.
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
 * Error of the mean of a table seeds x images, both random samples: the two-way analysis of variance of
 * Dorfman, Berbaum and Metz (1992) for readers x cases, with the degrees of freedom of Hillis (2007). All
 * seeds saw the same images, so more seeds do not reduce the images' part. The variance includes one extra
 * disagreeing image (after Agresti and Min 2005), so that a small set without disagreement is not taken for
 * certainty.
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

/**
 * Degrees of freedom of the summed variance (Satterthwaite 1946); the images' part counts as known exactly.
 */
function combinedFreedom(ofSeeds: number, ofImages: number, seeds: number): number {
  return ofSeeds === 0 ? Infinity : ((ofSeeds + ofImages) ** 2 / ofSeeds ** 2) * (seeds - 1);
}
