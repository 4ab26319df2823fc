/**
 * Cholesky factor of a symmetric positive definite matrix: A = L L', row-major, n x n, in float64; only the lower triangle is read and written, in
 * place. Returns false when a pivot is not positive (A is not positive definite).
 * Row by row, so that both inner loops run along rows (Golub and Van Loan, Matrix Computations, section 4.2).
 */
export function choleskyInPlace(a: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    const rowI = i * n;
    for (let j = 0; j <= i; j++) {
      const rowJ = j * n;
      const sum = a[rowI + j]! - dot(a, rowI, rowJ, j);
      if (i === j) {
        if (!(sum > 0)) return false;
        a[rowI + i] = Math.sqrt(sum);
      } else {
        a[rowI + j] = sum / a[rowJ + j]!;
      }
    }
  }
  return true;
}

/** Dot product of `length` values that start at two places of one array; four sums, so that the additions do not wait for each other. */
function dot(a: Float64Array, left: number, right: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < length; k += 4) {
    s0 += a[left + k]! * a[right + k]!;
    s1 += a[left + k + 1]! * a[right + k + 1]!;
    s2 += a[left + k + 2]! * a[right + k + 2]!;
    s3 += a[left + k + 3]! * a[right + k + 3]!;
  }
  for (; k < length; k++) s0 += a[left + k]! * a[right + k]!;
  return s0 + s1 + (s2 + s3);
}

/** Solves L L' X = B in place: `b` is n x columns, row-major. */
export function solveCholesky(l: Float64Array, n: number, b: Float64Array, columns: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) addMultiple(b, i * columns, j * columns, columns, -l[i * n + j]!);
    scale(b, i * columns, columns, 1 / l[i * n + i]!);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) addMultiple(b, i * columns, j * columns, columns, -l[j * n + i]!);
    scale(b, i * columns, columns, 1 / l[i * n + i]!);
  }
}

function addMultiple(b: Float64Array, to: number, from: number, length: number, factor: number): void {
  for (let k = 0; k < length; k++) b[to + k] = b[to + k]! + factor * b[from + k]!;
}

function scale(b: Float64Array, from: number, length: number, factor: number): void {
  for (let k = from; k < from + length; k++) b[k] = b[k]! * factor;
}

/** Inverse of a symmetric positive definite matrix, or `undefined` when it is not positive definite. `a` is overwritten. */
export function invertPositiveDefinite(a: Float64Array, n: number): Float64Array | undefined {
  if (!choleskyInPlace(a, n)) return undefined;
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) inverse[i * n + i] = 1;
  solveCholesky(a, n, inverse, n);
  return inverse;
}
