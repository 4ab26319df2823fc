import { TersorError } from '@tersor/core';
import { addRows, choleskyInPlace, invertPositiveDefinite, solveCholesky } from './cholesky.js';
import { shrinkageRidge, type BatchSpread } from './ridge/shrinkage.js';

/**
 * Statistics of what a layer reads, gathered once on the original network: `size` inputs (the elements of an
 * im2col row, or the features of a dense layer). With them the least-squares refit for any set of kept inputs
 * is a small linear system.
 */
export interface InputMoments {
  readonly size: number;
  /** Mean of each input. */
  readonly mean: Float64Array;
  /**
   * Second moments, size x size: about the mean when the layer can take up an offset (`centered`), else about
   * zero. Ridge is on the diagonal.
   */
  readonly moments: Float64Array;
  /** Inverse of `moments`. */
  readonly inverse: Float64Array;
  readonly centered: boolean;
}

/**
 * A ridge ten times as large, again and again: after so many times every finite matrix has become positive
 * definite.
 */
const MOST_RIDGES = 40;

/**
 * Prepares moments for refits: adds the ridge, a share of the mean diagonal, and inverts.
 * Throws `OUTPUTS_NOT_FINITE` for moments that are NaN or infinite.
 * @param ridge the share; or what the share follows from, see `shrinkageRidge`
 * @param reader name of the layer that reads the inputs, for the error
 */
export function prepareMoments(
  sums: Float64Array,
  products: Float64Array,
  rows: number,
  centered: boolean,
  ridge: number | BatchSpread,
  reader = 'a layer',
): InputMoments {
  const size = sums.length;
  const mean = sums.map((value) => value / rows);
  const moments = products.map((value, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    return value / rows - (centered ? mean[i]! * mean[j]! : 0);
  });
  let trace = 0;
  for (let i = 0; i < size; i++) trace += moments[i * size + i]!;
  // Inputs that are always zero have nothing to say; the ridge alone keeps the system solvable. Rounding may
  // need a larger one. Where the mean is large and the inputs hardly vary, rounding makes the sum of the
  // variances negative.
  let squares = 0;
  for (let i = 0; i < size; i++) squares += products[i * size + i]! / rows;
  const level = trace > 0 ? trace : squares;
  for (
    let attempt = 0, share = typeof ridge === 'number' ? ridge : shrinkageRidge(ridge, moments, size, rows);
    Number.isFinite(trace) && attempt < MOST_RIDGES;
    attempt++, share *= 10
  ) {
    const loaded = moments.slice();
    for (let i = 0; i < size; i++)
      loaded[i * size + i] = loaded[i * size + i]! + Math.max((share * level) / size, 1e-12);
    const inverse = invertPositiveDefinite(loaded.slice(), size);
    if (inverse) return { size, mean, moments: loaded, inverse, centered };
  }
  throw new TersorError(
    'OUTPUTS_NOT_FINITE',
    `The squares of the inputs of ${reader} are not finite, so it cannot be refit.`,
    {
      hint: 'The values before it are NaN or too large. Look at the layers up to there, or set the pruner\'s "reconstruct" to "none".',
    },
  );
}

/** What changes in a layer that loses inputs. */
export interface Refit {
  /** Added to the kernel rows that stay: kept.length x outputs, row-major. */
  readonly delta: Float64Array;
  /** Added to each output; all zero when the moments are not centered. */
  readonly offset: Float64Array;
}

/**
 * Least-squares refit of a linear layer to fewer inputs (Channel Pruning: He et al., ICCV 2017, equation 5,
 * for all outputs at once):
 *
 *   min over D of E |x_S (W_S + D) + t - x W|^2 + ridge |D|^2,  S = kept, R = removed
 *   D = M_SS^-1 M_SR W_R,  t = mean_R W_R - mean_S D
 *
 * With M^-1 = P the same is D = -P_SR P_RR^-1 W_R (block inverse), so the system that is solved has min(|S|,
 * |R|) unknowns. With nothing removed D is exactly zero: the ridge pulls to the original weights, not to
 * zero.
 *
 * @param kernel all rows of the kernel, size x outputs
 */
export function refit(
  { size, mean, moments, inverse, centered }: InputMoments,
  kernel: Float32Array,
  outputs: number,
  removed: readonly number[],
): Refit {
  const gone = new Set(removed);
  const kept = Array.from({ length: size }, (_, i) => i).filter((i) => !gone.has(i));
  const removedRows = new Float64Array(removed.length * outputs);
  removed.forEach((row, i) =>
    removedRows.set(kernel.subarray(row * outputs, (row + 1) * outputs), i * outputs),
  );
  const delta =
    removed.length < kept.length
      ? multiply(
          inverse,
          size,
          kept,
          removed,
          solve(inverse, size, removed, removedRows, outputs),
          outputs,
          -1,
        )
      : solve(moments, size, kept, multiply(moments, size, kept, removed, removedRows, outputs, 1), outputs);
  const offset = new Float64Array(outputs);
  if (centered) {
    removed.forEach((input, i) => accumulate(offset, removedRows, i * outputs, mean[input]!));
    kept.forEach((input, i) => accumulate(offset, delta, i * outputs, -mean[input]!));
  }
  return { delta, offset };
}

/** `matrix[indexes, indexes]^-1 b`. */
function solve(
  matrix: Float64Array,
  size: number,
  indexes: readonly number[],
  b: Float64Array,
  columns: number,
): Float64Array {
  const n = indexes.length;
  const part = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) part[i * n + j] = matrix[indexes[i]! * size + indexes[j]!]!;
  const result = b.slice();
  // Every diagonal block of a positive definite matrix is one; rounding can spoil it only when the block is
  // nearly singular, and then the weights stay.
  if (!choleskyInPlace(part, n)) return result.fill(0);
  solveCholesky(part, n, result, columns);
  return result;
}

/** `sign * matrix[rows, inner] b`; `b` is inner.length x columns. */
function multiply(
  matrix: Float64Array,
  size: number,
  rows: readonly number[],
  inner: readonly number[],
  b: Float64Array,
  columns: number,
  sign: number,
): Float64Array {
  const result = new Float64Array(rows.length * columns);
  const factors = new Float64Array(inner.length);
  rows.forEach((row, i) => {
    inner.forEach((column, k) => (factors[k] = sign * matrix[row * size + column]!));
    addRows(result.subarray(i * columns, (i + 1) * columns), b, columns, 0, inner.length, factors);
  });
  return result;
}

function accumulate(target: Float64Array, source: Float64Array, from: number, factor: number): void {
  for (let k = 0; k < target.length; k++) target[k] = target[k]! + factor * source[from + k]!;
}
