/** Mean and spread of all vectors seen so far, per coordinate: structured-cloneable. */
export interface RunningMoments {
  readonly count: number;
  readonly mean: readonly number[];
  /** Sums of squared distances from the mean. */
  readonly squares: readonly number[];
}

/** Before the first vector. */
export function createMoments(size: number): RunningMoments {
  return { count: 0, mean: Array<number>(size).fill(0), squares: Array<number>(size).fill(0) };
}

/** With one more vector (Welford 1962). */
export function addToMoments(
  { count, mean, squares }: RunningMoments,
  vector: readonly number[],
): RunningMoments {
  const total = count + 1;
  const moved = mean.map((value, i) => value + (vector[i]! - value) / total);
  return {
    count: total,
    mean: moved,
    squares: squares.map((sum, i) => sum + (vector[i]! - mean[i]!) * (vector[i]! - moved[i]!)),
  };
}

/**
 * The vector in standard deviations from the mean, cut at `limit`; unchanged before the second vector, 0 in a
 * coordinate that never changes.
 */
export function standardize(
  { count, mean, squares }: RunningMoments,
  vector: readonly number[],
  limit = 10,
): number[] {
  if (count < 2) return [...vector];
  return vector.map((value, i) =>
    Math.min(limit, Math.max(-limit, (value - mean[i]!) / Math.sqrt(squares[i]! / count + 1e-8))),
  );
}
