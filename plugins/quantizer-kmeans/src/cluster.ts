import type { Random } from '@tersor/core';

/** Values in ascending order, with running sums: all that one-dimensional k-means needs. */
export interface SortedValues {
  readonly values: Float32Array;
  /** `sums[i]` is the sum of the first i values, each times its mass. */
  readonly sums: Float64Array;
  /** `masses[i]` is the mass of the first i values: how much their errors count. Absent: i. */
  readonly masses?: Float64Array;
}

/** Sorts a copy. */
export function sortValues(values: Float32Array): SortedValues {
  const sorted = values.slice().sort();
  const sums = new Float64Array(sorted.length + 1);
  for (let i = 0; i < sorted.length; i++) sums[i + 1] = sums[i]! + sorted[i]!;
  return { values: sorted, sums };
}

/** Sorts values whose squared errors count differently, each by its mass above 0. */
export function sortWeighted(values: readonly number[], masses: readonly number[]): SortedValues {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]! || a - b);
  const sums = new Float64Array(values.length + 1);
  const total = new Float64Array(values.length + 1);
  order.forEach((from, i) => {
    sums[i + 1] = sums[i]! + values[from]! * masses[from]!;
    total[i + 1] = total[i]! + masses[from]!;
  });
  return { values: Float32Array.from(order, (from) => values[from]!), sums, masses: total };
}

/**
 * k-means in one dimension: k-means++ seeding (Arthur and Vassilvitskii, 2007), then Lloyd's iterations until
 * nothing moves. Clusters of sorted values are intervals, so that an iteration is one binary search per
 * cluster. Gives ascending centroids, fewer than `count` where there are fewer distinct values.
 */
export function cluster(
  sorted: SortedValues,
  count: number,
  iterations: number,
  random: Random,
): Float64Array {
  if (sorted.values.length === 0 || count < 1) return new Float64Array(0);
  let centroids = seed(sorted.values, count, random);
  for (let round = 0; round < iterations; round++) {
    const moved = means(sorted, centroids);
    const settled = moved.length === centroids.length && moved.every((value, i) => value === centroids[i]);
    centroids = moved;
    if (settled) break;
  }
  return centroids;
}

/** Values that seeding looks at: it costs one pass per centroid. */
const SEED_SAMPLE = 4096;

/**
 * Centroids drawn one by one, each with probability proportional to the squared distance from those before;
 * ascending.
 */
function seed(values: Float32Array, count: number, random: Random): Float64Array {
  const stride = Math.max(1, Math.floor(values.length / SEED_SAMPLE));
  const sample = Float64Array.from(
    { length: Math.ceil(values.length / stride) },
    (_, i) => values[i * stride]!,
  );
  const distances = new Float64Array(sample.length).fill(Infinity);
  const centroids = [sample[random.integer(sample.length)]!];
  while (centroids.length < count) {
    const last = centroids.at(-1)!;
    let total = 0;
    for (let i = 0; i < sample.length; i++) {
      distances[i] = Math.min(distances[i]!, (sample[i]! - last) ** 2);
      total += distances[i]!;
    }
    if (total === 0) break;
    let rest = random.uniform() * total;
    let chosen = 0;
    for (let i = 0; i < sample.length; i++) {
      if (distances[i] === 0) continue;
      chosen = i;
      rest -= distances[i]!;
      if (rest < 0) break;
    }
    centroids.push(sample[chosen]!);
  }
  return Float64Array.from(centroids).sort();
}

/** (Weighted) mean of the values nearest to each centroid; centroids without any are dropped. */
function means({ values, sums, masses }: SortedValues, centroids: Float64Array): Float64Array {
  const result: number[] = [];
  let from = 0;
  for (let k = 0; k < centroids.length; k++) {
    const to =
      k + 1 < centroids.length
        ? lowerBound(values, (centroids[k]! + centroids[k + 1]!) / 2, from)
        : values.length;
    const mass = masses ? masses[to]! - masses[from]! : to - from;
    if (mass > 0) result.push((sums[to]! - sums[from]!) / mass);
    from = to;
  }
  return Float64Array.from(result);
}

/** Index of the first value from `from` on that is not below `limit`. */
function lowerBound(values: Float32Array, limit: number, from: number): number {
  let low = from;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
