/** How far a matrix of second moments spreads over batches of images; begins empty. */
export interface BatchSpread {
  readonly batches: number;
  /** Sum of the squares of all entries, each batch weighted with the square of its rows. */
  readonly squares: number;
}

/** Where there are too few images to tell: as a share of the mean diagonal. */
const WITHOUT_BATCHES = 1e-3;
/** Moments that say nothing at all would have an infinite ridge. */
const LARGEST = 10;

/**
 * The spread with one batch more.
 * @param sums of each input over the batch's rows
 * @param products of each two inputs
 */
export function addBatch(
  { batches, squares }: BatchSpread,
  sums: Float32Array,
  products: Float32Array,
  rows: number,
  centered: boolean,
): BatchSpread {
  const size = sums.length;
  let square = 0;
  for (let i = 0; i < size; i++) {
    const mean = centered ? sums[i]! / rows : 0;
    for (let j = 0; j < size; j++) square += (products[i * size + j]! - mean * sums[j]!) ** 2;
  }
  // Deviations from a batch's own mean are too small by this.
  return {
    batches: batches + 1,
    squares: squares + square * (centered ? rows / Math.max(1, rows - 1) : 1) ** 2,
  };
}

/**
 * The ridge that brings sampled second moments closest to the true ones (Ledoit and Wolf, Journal of
 * Multivariate Analysis 88, 2004): with M the sample, m the mean of its diagonal,
 *
 *   share = var(M) / (|M - m I|^2 - var(M)),  ridge = share m,
 *
 * where var(M) sums the variances of all entries. Positions of one image are alike, so the variances come
 * from batches of images, not from rows.
 *
 * @param moments without a ridge, size x size
 * @returns the ridge as a share of the mean diagonal
 */
export function shrinkageRidge(
  { batches, squares }: BatchSpread,
  moments: Float64Array,
  size: number,
  rows: number,
): number {
  if (batches < 2) return WITHOUT_BATCHES;
  let square = 0;
  let trace = 0;
  for (const value of moments) square += value * value;
  for (let i = 0; i < size; i++) trace += moments[i * size + i]!;
  const variance = Math.max(0, (squares / rows ** 2 - square / batches) * (batches / (batches - 1)));
  const distance = square - trace ** 2 / size;
  return Math.min(LARGEST, distance > variance ? variance / (distance - variance) : LARGEST);
}
