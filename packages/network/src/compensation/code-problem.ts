import { transposed, type KernelMoments } from '@tersor/core';
import { addRows, choleskyInPlace, invertPositiveDefinite, solveCholesky } from '../moments/cholesky.js';

/** Ridge: this share of the mean square of the inputs is added to the diagonal of their moments. */
const RIDGE = 0.02;
/**
 * The ridge for computing targets. They are fitted to a sample of the inputs, and a small ridge would
 * overfit.
 */
const TARGET_RIDGE = 0.5;
/**
 * How often the ridge is multiplied by ten if rounding errors leave a matrix not positive definite.
 */
const MOST_RIDGES = 40;

/**
 * The choice of codes for one weight array, as one small problem for each of its columns (an output of a
 * matrix of `KernelMoments`). With H = E[x x'], G = E[x y'] and the ridge L, the error of values q instead
 * of the weights w is
 *
 *   E |x'q - y'w|^2 = q'Hq - 2 q'Gw + ...,  least near the target w* = (H + T)^-1 (G w + T w)
 *
 * with a separate ridge T (the asymmetric target of GPTAQ and Qronos, which compensates for the errors of
 * earlier layers). All vectors are float64, stored column after column with `inputs` values each.
 */
export interface CodeProblem {
  readonly moments: KernelMoments;
  readonly inputs: number;
  readonly columns: number;
  /** The original weights w. */
  readonly weights: Float64Array;
  /** w*. */
  readonly target: Float64Array;
  /** (H + L) w*. */
  readonly pull: Float64Array;
  /** G w, the contribution of the original weights. */
  readonly wanted: Float64Array;
  /** One for each matrix of the kernel. */
  readonly matrices: readonly PreparedMatrix[];
}

/** What the columns of one matrix share. */
export interface PreparedMatrix {
  /** H + L. */
  readonly loaded: Float64Array;
  /** L, the value added to the diagonal. */
  readonly ridge: number;
  /** Inputs by falling mean square: the costliest errors come first, while many inputs can compensate. */
  readonly order: readonly number[];
  /** U with (H + L)^-1 = U'U, upper triangular, inputs in that order. */
  readonly upper: Float64Array;
}

const prepared = new WeakMap<KernelMoments, CodeProblem>();

/**
 * Prepares the problem of a weight array. The last problem of the same moments and weights is reused, since
 * it does not depend on the bit width. Undefined if the moments are not finite.
 */
export function codeProblem(data: Float32Array, moments: KernelMoments): CodeProblem | undefined {
  const known = prepared.get(moments);
  const columns = moments.matrices * moments.outputs;
  if (known && known.weights.every((value, at) => value === data[placeOf(known, at)])) return known;
  const { inputs } = moments;
  const matrices = new Map(moments.products.map((products) => [products, prepareMatrix(products, inputs)]));
  const list: PreparedMatrix[] = [];
  for (let p = 0; p < moments.matrices; p++) {
    const matrix = matrices.get(moments.products[p % moments.products.length]!);
    if (!matrix) return undefined;
    list.push(matrix);
  }
  const problem = {
    moments,
    inputs,
    columns,
    weights: new Float64Array(columns * inputs),
    target: new Float64Array(columns * inputs),
    pull: new Float64Array(columns * inputs),
    wanted: new Float64Array(columns * inputs),
    matrices: list,
  };
  for (let at = 0; at < problem.weights.length; at++) problem.weights[at] = data[placeOf(problem, at)]!;
  list.forEach((matrix, p) => setTargets(problem, matrix, p));
  if (!problem.target.every(Number.isFinite)) return undefined;
  prepared.set(moments, problem);
  return problem;
}

/** Index in the weight array of the value at index `at` of a problem's vectors. */
export function placeOf({ moments, inputs }: Pick<CodeProblem, 'moments' | 'inputs'>, at: number): number {
  const column = Math.floor(at / inputs);
  const matrix = Math.floor(column / moments.outputs);
  return matrix * moments.matrixStride + (at % inputs) * moments.inputStride + (column % moments.outputs);
}

/** The matrix that a column belongs to. */
export function matrixOf({ moments, matrices }: CodeProblem, column: number): PreparedMatrix {
  return matrices[Math.floor(column / moments.outputs)]!;
}

function prepareMatrix(products: Float64Array, n: number): PreparedMatrix | undefined {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += products[i * n + i]!;
  if (!Number.isFinite(trace)) return undefined;
  const order = Array.from({ length: n }, (_, i) => i).sort(
    (a, b) => products[b * n + b]! - products[a * n + a]! || a - b,
  );
  let ridge = Math.max((RIDGE * trace) / n, 1e-12);
  for (let attempt = 0; attempt < MOST_RIDGES; attempt++, ridge *= 10) {
    const ordered = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) ordered[i * n + j] = products[order[i]! * n + order[j]!]!;
      ordered[i * n + i]! += ridge;
    }
    const inverse = invertPositiveDefinite(ordered, n);
    if (!inverse || !choleskyInPlace(inverse, n)) continue;
    const upper = new Float64Array(n * n);
    for (let i = 0; i < n; i++) for (let j = i; j < n; j++) upper[i * n + j] = inverse[j * n + i]!;
    const loaded = products.slice();
    for (let i = 0; i < n; i++) loaded[i * n + i]! += ridge;
    return { loaded, ridge, order, upper };
  }
  return undefined;
}

/** Computes `wanted`, `target` and `pull` for the columns of one matrix. */
function setTargets(problem: CodeProblem, { loaded, ridge }: PreparedMatrix, p: number): void {
  const { moments, inputs: n, weights, wanted, pull, target } = problem;
  const products = moments.products[p % moments.products.length]!;
  const cross = moments.cross?.[p % moments.cross.length];
  const [first, end] = [p * moments.outputs * n, (p + 1) * moments.outputs * n];
  for (let at = first; at < end; at += n)
    multiply(wanted.subarray(at, at + n), cross ?? products, weights.subarray(at, at + n));
  target.set(weights.subarray(first, end), first);
  if (cross) {
    const factor = products.slice();
    const hold = (ridge * TARGET_RIDGE) / RIDGE;
    for (let i = 0; i < n; i++) factor[i * n + i]! += hold;
    const right = wanted.subarray(first, end).map((value, at) => value + hold * weights[first + at]!);
    const solved = transposed(right, moments.outputs, n);
    if (choleskyInPlace(factor, n)) {
      solveCholesky(factor, n, solved, moments.outputs);
      target.set(transposed(solved, n, moments.outputs), first);
    }
  }
  for (let at = first; at < end; at += n)
    multiplySymmetric(pull.subarray(at, at + n), loaded, target.subarray(at, at + n));
}

/** `result = matrix vector`, row by row. */
function multiply(result: Float64Array, matrix: Float64Array, vector: Float64Array): void {
  const n = vector.length;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    const row = i * n;
    for (let j = 0; j < n; j++) sum += matrix[row + j]! * vector[j]!;
    result[i] = sum;
  }
}

/**
 * `result = matrix vector` for a symmetric matrix; reads only the rows where the vector is not 0.
 */
export function multiplySymmetric(result: Float64Array, matrix: Float64Array, vector: Float64Array): void {
  addRows(result.fill(0), matrix, vector.length, 0, vector.length, vector);
}
