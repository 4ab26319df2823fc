/** Number of rows processed together, so that each loaded value is used four times. */
const BLOCK = 4;

/**
 * Cholesky factorization A = L L' of a symmetric positive definite n x n matrix, row-major, in place; only
 * the lower triangle is read and written. Returns false if a pivot is not positive (A is not positive
 * definite). Works row by row, so that inner loops run along rows (Golub and Van Loan, Matrix Computations,
 * section 4.2), four columns at a time.
 */
export function choleskyInPlace(a: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let block = 0; block <= i; block += BLOCK) {
      const end = Math.min(block + BLOCK, i + 1);
      if (end - block === BLOCK) subtractFourDots(a, row, block, n);
      else for (let j = block; j < end; j++) a[row + j] = a[row + j]! - dot(a, row, j * n, 0, block);
      for (let j = block; j < end; j++) {
        const sum = a[row + j]! - dot(a, row, j * n, block, j);
        if (j < i) a[row + j] = sum / a[j * n + j]!;
        else if (sum > 0) a[row + j] = Math.sqrt(sum);
        else return false;
      }
    }
  }
  return true;
}

/**
 * Subtracts from four neighbours in a row the dot products of that row's first `block` values with those of
 * rows `block` and the next three.
 */
function subtractFourDots(a: Float64Array, row: number, block: number, n: number): void {
  const [r0, r1, r2, r3] = [block * n, (block + 1) * n, (block + 2) * n, (block + 3) * n];
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let k = 0; k < block; k++) {
    const value = a[row + k]!;
    s0 += value * a[r0 + k]!;
    s1 += value * a[r1 + k]!;
    s2 += value * a[r2 + k]!;
    s3 += value * a[r3 + k]!;
  }
  a[row + block] = a[row + block]! - s0;
  a[row + block + 1] = a[row + block + 1]! - s1;
  a[row + block + 2] = a[row + block + 2]! - s2;
  a[row + block + 3] = a[row + block + 3]! - s3;
}

function dot(a: Float64Array, left: number, right: number, from: number, to: number): number {
  let sum = 0;
  for (let k = from; k < to; k++) sum += a[left + k]! * a[right + k]!;
  return sum;
}

/** Solves L L' X = B in place: `b` is n x columns, row-major. */
export function solveCholesky(l: Float64Array, n: number, b: Float64Array, columns: number): void {
  const row = (i: number) => b.subarray(i * columns, (i + 1) * columns);
  const factors = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) factors[j] = -l[i * n + j]!;
    addRows(row(i), b, columns, 0, i, factors);
    scale(row(i), 1 / l[i * n + i]!);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) factors[j] = -l[j * n + i]!;
    addRows(row(i), b, columns, i + 1, n, factors);
    scale(row(i), 1 / l[i * n + i]!);
  }
}

/**
 * `target += sum over rows from..to-1 of factors[row] * row` of a row-major matrix: a row of a matrix
 * product, four rows at a time.
 */
export function addRows(
  target: Float64Array,
  matrix: Float64Array,
  columns: number,
  from: number,
  to: number,
  factors: Float64Array,
): void {
  let r = from;
  for (; r + BLOCK <= to; r += BLOCK) {
    const [f0, f1, f2, f3] = [factors[r]!, factors[r + 1]!, factors[r + 2]!, factors[r + 3]!];
    const at = r * columns;
    for (let k = 0; k < columns; k++) {
      target[k] =
        target[k]! +
        f0 * matrix[at + k]! +
        f1 * matrix[at + columns + k]! +
        f2 * matrix[at + 2 * columns + k]! +
        f3 * matrix[at + 3 * columns + k]!;
    }
  }
  for (; r < to; r++) {
    const factor = factors[r]!;
    for (let k = 0; k < columns; k++) target[k] = target[k]! + factor * matrix[r * columns + k]!;
  }
}

function scale(values: Float64Array, factor: number): void {
  for (let k = 0; k < values.length; k++) values[k] = values[k]! * factor;
}

/**
 * Inverse of a symmetric positive definite n x n matrix; `undefined` if it is not positive definite.
 * Overwrites `a`.
 */
export function invertPositiveDefinite(a: Float64Array, n: number): Float64Array | undefined {
  if (!choleskyInPlace(a, n)) return undefined;
  // K = L^-1, row by row: row i is (e_i - sum over j < i of L_ij K_j) / L_ii, which ends at column i.
  const k = new Float64Array(n * n);
  const factors = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) factors[j] = -a[i * n + j]!;
    const row = k.subarray(i * n, (i + 1) * n);
    addRows(row, k, n, 0, i, factors);
    row[i] = 1;
    scale(row, 1 / a[i * n + i]!);
  }
  // A^-1 = K' K: row i is the sum over r >= i of K_ri K_r.
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let r = i; r < n; r++) factors[r] = k[r * n + i]!;
    addRows(inverse.subarray(i * n, (i + 1) * n), k, n, i, n, factors);
  }
  return inverse;
}
