import { addRows, choleskyInPlace, solveCholesky } from '../cholesky.js';

/** Sums over some rows of inputs. */
export interface RowSums {
  readonly rows: number;
  /** Of each input. */
  readonly sums: Float64Array;
  /** Of the products of each two inputs, size x size. */
  readonly products: Float64Array;
}

/** What reads the inputs. */
export interface Reader {
  /** An input's channel is its index modulo this. */
  readonly channels: number;
  /** Row-major arrays of size x outputs: one, or one for each kernel position that reads the same inputs. */
  readonly kernels: readonly Float32Array[];
  readonly outputs: number;
  /** Whether an offset takes up the means. */
  readonly centered: boolean;
}

/** What is tried, as shares of the mean diagonal. */
const SHARES = [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1];
/** A larger ridge has to be better by this share of the error. */
const GAIN = 0.01;
/** Keeps the products of kernels positive definite: of their mean diagonal. */
const LOADING = 1e-9;

/**
 * The ridge by two-fold cross-validation over images: with the moments of one half of them every second
 * channel is taken away from a layer, which is refit; the error is what its outputs lose on the other half.
 * Of the ridges that are within a hundredth of the least error, summed over both halves, the smallest one:
 * a ridge counts as noise of the inputs, so that a larger one than the images ask for makes channels look
 * dearer than they are.
 *
 * @param all rows of all images
 * @param half those of a half of the images
 * @returns the ridge as a share of the mean diagonal
 */
export function heldOutRidge(all: RowSums, half: RowSums, reader: Reader): number {
  const rest: RowSums = {
    rows: all.rows - half.rows,
    sums: all.sums.map((value, i) => value - half.sums[i]!),
    products: all.products.map((value, at) => value - half.products[at]!),
  };
  if (half.rows === 0 || rest.rows === 0) return SHARES[0]!;
  const size = all.sums.length;
  const inputs = Array.from({ length: size }, (_, input) => input);
  const kept = inputs.filter((input) => (input % reader.channels) % 2 === 0);
  const removed = inputs.filter((input) => (input % reader.channels) % 2 === 1);
  const weights = removedWeights(reader, removed);
  const [a, b] = [momentsOf(half, reader.centered), momentsOf(rest, reader.centered)];
  const there = errorsOn(b, a, size, kept, removed, weights);
  const back = errorsOn(a, b, size, kept, removed, weights);
  const errors = there.map((error, i) => error + back[i]!);
  const least = Math.min(...errors);
  return SHARES.find((_, i) => errors[i]! <= least * (1 + GAIN)) ?? SHARES[0]!;
}

/** Row-major, as many rows as inputs are removed. */
interface Weights {
  readonly data: Float64Array;
  readonly columns: number;
}

/**
 * The weights of removed inputs. Errors depend on their products W W' alone; with more columns than rows the
 * Cholesky factor of those says the same with fewer columns.
 */
function removedWeights({ kernels, outputs }: Reader, removed: readonly number[]): Weights {
  const columns = kernels.length * outputs;
  const data = new Float64Array(removed.length * columns);
  removed.forEach((input, i) =>
    kernels.forEach((kernel, k) =>
      data.set(kernel.subarray(input * outputs, (input + 1) * outputs), i * columns + k * outputs),
    ),
  );
  const count = removed.length;
  if (columns <= count) return { data, columns };
  const products = new Float64Array(count * count);
  let trace = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += data[i * columns + k]! * data[j * columns + k]!;
      products[i * count + j] = sum;
    }
    trace += products[i * count + i]!;
  }
  for (let i = 0; i < count; i++) products[i * count + i]! += (LOADING * trace) / count;
  if (!choleskyInPlace(products, count)) return { data, columns };
  for (let i = 0; i < count; i++) products.fill(0, i * count + i + 1, (i + 1) * count);
  return { data: products, columns: count };
}

function momentsOf({ rows, sums, products }: RowSums, centered: boolean): Float64Array {
  const size = sums.length;
  return products.map((value, at) => {
    const mean = centered ? (sums[Math.floor(at / size)]! * sums[at % size]!) / rows : 0;
    return (value - mean) / rows;
  });
}

/**
 * What the outputs lose on the rows of `held`, as a share of what the removed inputs gave there, for each
 * ridge of a refit to `fitted`: with D = (M_SS + ridge)^-1 M_SR W,
 *
 *   tr(W' H_RR W) - 2 tr(D' H_SR W) + tr(D' H_SS D).
 */
function errorsOn(
  held: Float64Array,
  fitted: Float64Array,
  size: number,
  kept: readonly number[],
  removed: readonly number[],
  { data, columns }: Weights,
): number[] {
  const times = (
    matrix: Float64Array,
    rows: readonly number[],
    inner: readonly number[],
    x: Float64Array,
  ) => {
    const result = new Float64Array(rows.length * columns);
    const factors = new Float64Array(inner.length);
    rows.forEach((row, i) => {
      inner.forEach((column, k) => (factors[k] = matrix[row * size + column]!));
      addRows(result.subarray(i * columns, (i + 1) * columns), x, columns, 0, inner.length, factors);
    });
    return result;
  };
  const whole = dot(times(held, removed, removed, data), data);
  const pull = times(fitted, kept, removed, data);
  const across = times(held, kept, removed, data);
  let trace = 0;
  for (let i = 0; i < size; i++) trace += fitted[i * size + i]!;
  return SHARES.map((share) => {
    const n = kept.length;
    const part = new Float64Array(n * n);
    kept.forEach((row, i) => {
      for (let j = 0; j <= i; j++) part[i * n + j] = fitted[row * size + kept[j]!]!;
      part[i * n + i]! += Math.max((share * trace) / size, 1e-12);
    });
    if (!choleskyInPlace(part, n)) return Infinity;
    const delta = pull.slice();
    solveCholesky(part, n, delta, columns);
    return (whole - 2 * dot(delta, across) + dot(delta, times(held, kept, kept, delta))) / whole;
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
