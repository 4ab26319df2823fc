import { solveCholesky } from '../reconstruction/cholesky.js';
import type { InputMoments } from '../reconstruction/refit.js';
import type { ReaderErrors } from './remove-greedily.js';

/**
 * A layer that is refit by least squares whenever it loses inputs (structured optimal brain surgeon: Hassibi
 * and Stork, NeurIPS 1993, for blocks as in Optimal Brain Compression, Frantar and Alistarh, NeurIPS 2022).
 *
 * With M the second moments of the inputs, P = M^-1, A = W W' and b the rows of one channel:
 *
 *   rise = tr(P_bb^-1 A_bb) / tr(M A)
 *   W <- W - Q W_b,  Q = P_:b P_bb^-1,  so A <- A - Q A_b: - (Q A_b:)' + Q A_bb Q'
 *   P <- P - Q P_b:
 *
 * The outputs are only in A, so that a row costs O(size^2), however many there are. The ridge of M counts as
 * noise of the inputs.
 *
 * @param kernel a multiple of size x outputs: several matrices that read the same inputs add up their errors
 * @param blocks by channel of the group, its rows; equally many for every channel. Rows that no channel owns
 *   stay, and help
 */
export function correlatedReader(
  { size, moments, inverse }: Pick<InputMoments, 'size' | 'moments' | 'inverse'>,
  kernel: Float32Array,
  outputs: number,
  blocks: readonly (readonly number[])[],
): ReaderErrors {
  const products = rowProducts(kernel, size, outputs);
  const variance = traceOfProduct(moments, products, size);
  const rises = new Float64Array(blocks.length);
  const taps = blocks[0]?.length ?? 0;
  // A layer that puts out a constant loses nothing.
  if (variance <= 0 || taps === 0) return { rises, remove: () => undefined };

  // Rows of one channel lie side by side, after those that stay; what goes is filled up from the end.
  const owned = new Set(blocks.flat());
  const rows = [
    ...Array.from({ length: size }, (_, row) => row).filter((row) => !owned.has(row)),
    ...blocks.flat(),
  ];
  const starts = blocks.map((_, channel) => size - owned.size + channel * taps);
  const p = permuted(inverse, size, rows);
  const a = permuted(products, size, rows);
  // No input varies less, given others, than by 1 / P_ii; so rounding can't take a pivot below this.
  const lowest = Float64Array.from(rows, (row) => 1 / moments[row * size + row]!);
  let active = size;
  const scratch = new Float64Array(2 * taps * taps);
  const measure = () => {
    for (let channel = 0; channel < blocks.length; channel++)
      if (starts[channel]! >= 0)
        rises[channel] =
          Math.max(0, traceOfRatio(p, a, size, starts[channel]!, taps, lowest, scratch)) / variance;
  };
  measure();
  return {
    rises,
    remove: (channel) => {
      const start = starts[channel]!;
      eliminate(p, a, { size, active, start, taps, lowest });
      active -= taps;
      const last = starts.indexOf(active);
      for (const matrix of [p, a]) moveBlock(matrix, size, active, start, taps);
      lowest.copyWithin(start, active, active + taps);
      starts[last] = start;
      starts[channel] = -1;
      measure();
    },
  };
}

/** A = sum of W W' over the matrices of a kernel, size x size; the lower triangle. */
function rowProducts(kernel: Float32Array, size: number, outputs: number): Float64Array {
  const products = new Float64Array(size * size);
  // W' lies row by row, so that a row of A is a sum of rows.
  const turned = new Float64Array(outputs * size);
  const factors = new Float64Array(outputs);
  for (let from = 0; from < kernel.length; from += size * outputs) {
    for (let row = 0; row < size; row++)
      for (let output = 0; output < outputs; output++)
        turned[output * size + row] = kernel[from + row * outputs + output]!;
    for (let row = 0; row < size; row++) {
      for (let output = 0; output < outputs; output++) factors[output] = turned[output * size + row]!;
      addRows(products, row * size, row + 1, turned, size, outputs, factors);
    }
  }
  return products;
}

/** tr(M A), of which A has its lower triangle only. */
function traceOfProduct(moments: Float64Array, products: Float64Array, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) sum += 2 * moments[i * size + j]! * products[i * size + j]!;
    sum += moments[i * size + i]! * products[i * size + i]!;
  }
  return sum;
}

/** The lower triangle of a symmetric matrix with its rows and columns in another order. */
function permuted(matrix: Float64Array, size: number, rows: readonly number[]): Float64Array {
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++)
      result[i * size + j] = matrix[Math.max(rows[i]!, rows[j]!) * size + Math.min(rows[i]!, rows[j]!)]!;
  return result;
}

/** tr(P_bb^-1 A_bb) of a diagonal block; of both matrices the lower triangle is read. */
function traceOfRatio(
  p: Float64Array,
  a: Float64Array,
  size: number,
  start: number,
  taps: number,
  lowest: Float64Array,
  scratch: Float64Array,
): number {
  const l = scratch.subarray(0, taps * taps);
  const x = scratch.subarray(taps * taps);
  factorBlock(p, size, start, taps, lowest, l);
  let trace = 0;
  for (let column = 0; column < taps; column++) {
    // Column by column of P_bb X = A_bb; only the value on the diagonal is wanted.
    for (let i = 0; i < taps; i++) {
      let sum = a[(start + Math.max(i, column)) * size + start + Math.min(i, column)]!;
      for (let k = 0; k < i; k++) sum -= l[i * taps + k]! * x[k]!;
      x[i] = sum / l[i * taps + i]!;
    }
    for (let i = taps - 1; i >= column; i--) {
      let sum = x[i]!;
      for (let k = i + 1; k < taps; k++) sum -= l[k * taps + i]! * x[k]!;
      x[i] = sum / l[i * taps + i]!;
    }
    trace += x[column]!;
  }
  return trace;
}

/** Cholesky factor of a diagonal block of P, whose pivots can't be below `lowest`. */
function factorBlock(
  p: Float64Array,
  size: number,
  start: number,
  taps: number,
  lowest: Float64Array,
  l: Float64Array,
): void {
  for (let i = 0; i < taps; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = p[(start + i) * size + start + j]!;
      for (let k = 0; k < j; k++) sum -= l[i * taps + k]! * l[j * taps + k]!;
      l[i * taps + j] = i === j ? Math.sqrt(Math.max(sum, lowest[start + i]!)) : sum / l[j * taps + j]!;
    }
  }
}

interface Block {
  readonly size: number;
  /** Rows that are left. */
  readonly active: number;
  readonly start: number;
  readonly taps: number;
  readonly lowest: Float64Array;
}

/** Takes the block out of P and A; its own rows keep what they had. */
function eliminate(p: Float64Array, a: Float64Array, { size, active, start, taps, lowest }: Block): void {
  const l = new Float64Array(taps * taps);
  factorBlock(p, size, start, taps, lowest, l);
  const removed = rowsOf(p, size, active, start, taps);
  // Q' = P_bb^-1 P_b:
  const q = removed.slice();
  solveCholesky(l, taps, q, active);
  // Both of A's terms at once: Q A_b: + (Q A_b:)' - Q A_bb Q' = Q Z + (Q Z)' with Z = A_b: - A_bb Q' / 2.
  const z = rowsOf(a, size, active, start, taps);
  const factors = new Float64Array(2 * taps);
  const half = z.slice();
  for (let i = 0; i < taps; i++) {
    for (let k = 0; k < taps; k++) factors[k] = -half[i * active + start + k]! / 2;
    addRows(z, i * active, active, q, active, taps, factors);
  }
  const both = new Float64Array(2 * taps * active);
  both.set(z);
  both.set(q, z.length);
  for (let row = 0; row < active; row++) {
    if (row === start) row += taps;
    if (row >= active) break;
    for (let k = 0; k < taps; k++) factors[k] = -q[k * active + row]!;
    addRows(p, row * size, row + 1, removed, active, taps, factors);
    for (let k = 0; k < taps; k++) factors[taps + k] = -z[k * active + row]!;
    addRows(a, row * size, row + 1, both, active, 2 * taps, factors);
  }
}

/** Rows of a block of a symmetric matrix of which there is the lower triangle: taps x active. */
function rowsOf(
  matrix: Float64Array,
  size: number,
  active: number,
  start: number,
  taps: number,
): Float64Array {
  const result = new Float64Array(taps * active);
  for (let k = 0; k < taps; k++) {
    const row = start + k;
    for (let j = 0; j <= row; j++) result[k * active + j] = matrix[row * size + j]!;
    for (let j = row + 1; j < active; j++) result[k * active + j] = matrix[j * size + row]!;
  }
  return result;
}

/**
 * Adds to `length` values of `target`, from `at` on, the sum of `factors[k] * row k` of a matrix; three rows
 * at a time, since most kernels have nine taps.
 */
function addRows(
  target: Float64Array,
  at: number,
  length: number,
  matrix: Float64Array,
  columns: number,
  count: number,
  factors: Float64Array,
): void {
  let k = 0;
  for (; k + 3 <= count; k += 3) {
    const [f0, f1, f2] = [factors[k]!, factors[k + 1]!, factors[k + 2]!];
    const [r0, r1, r2] = [k * columns, (k + 1) * columns, (k + 2) * columns];
    for (let j = 0; j < length; j++)
      target[at + j] = target[at + j]! + f0 * matrix[r0 + j]! + f1 * matrix[r1 + j]! + f2 * matrix[r2 + j]!;
  }
  for (; k < count; k++) {
    const factor = factors[k]!;
    for (let j = 0; j < length; j++) target[at + j] = target[at + j]! + factor * matrix[k * columns + j]!;
  }
}

/** Moves the last block, which begins at `last`, to the place of another one. */
function moveBlock(matrix: Float64Array, size: number, last: number, start: number, taps: number): void {
  if (start === last) return;
  for (let k = 0; k < taps; k++) {
    const [from, to] = [(last + k) * size, (start + k) * size];
    for (let j = 0; j < start; j++) matrix[to + j] = matrix[from + j]!;
    for (let j = 0; j <= k; j++) matrix[to + start + j] = matrix[from + last + j]!;
    for (let row = start + taps; row < last; row++) matrix[row * size + start + k] = matrix[from + row]!;
  }
}
