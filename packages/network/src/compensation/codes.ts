import { matrixOf, multiplySymmetric, type CodeProblem } from './code-problem.js';

/** The values of codes. Columns of a problem are in groups, which have different values. */
export interface Levels {
  /** Group (scale or code book) of each column. */
  readonly groups: Uint32Array;
  /** Code in a group whose value is nearest to `value`. */
  nearest(group: number, value: number): number;
  /** Value of a code in a group. */
  valueOf(group: number, code: number): number;
  /** Code of exact zero in a group, if there is one: weights that are 0 keep it. */
  zeroOf(group: number): number | undefined;
}

/** Codes of all weights of a problem, in the order of its vectors, with their values q. */
export interface Codes {
  readonly codes: Uint8Array;
  readonly values: Float64Array;
  /** (H + L) q. */
  readonly products: Float64Array;
}

/**
 * Finds codes by error compensation (OPTQ: Frantar et al., ICLR 2023, algorithm 1). The inputs of a column
 * are rounded one after the other, the costliest first, and those not yet rounded compensate for the change
 * in the outputs: w_j -= (w_i - q_i) U_ij / U_ii. Weights that are exactly 0 stay 0, with the same
 * compensation (as in SparseGPT: Frantar and Alistarh, ICML 2023).
 */
export function compensatedCodes(problem: CodeProblem, levels: Levels): Codes {
  const { inputs: n, columns, target } = problem;
  const codes = new Uint8Array(columns * n);
  const rest = new Float64Array(n);
  for (let column = 0; column < columns; column++) {
    const group = levels.groups[column]!;
    const { order, upper } = matrixOf(problem, column);
    const zero = levels.zeroOf(group);
    for (let i = 0; i < n; i++) rest[i] = target[column * n + order[i]!]!;
    for (let i = 0; i < n; i++) {
      const at = column * n + order[i]!;
      const code = isFixed(problem, at, zero) ? zero! : levels.nearest(group, rest[i]!);
      codes[at] = code;
      const row = i * n;
      const error = (rest[i]! - levels.valueOf(group, code)) / upper[row + i]!;
      if (error !== 0) for (let j = i + 1; j < n; j++) rest[j]! -= error * upper[row + j]!;
    }
  }
  return codesOf(problem, levels, codes);
}

/** Computes the values and products of given codes. */
export function codesOf(problem: CodeProblem, levels: Levels, codes: Uint8Array): Codes {
  const { inputs: n, columns } = problem;
  const values = new Float64Array(codes.length);
  const products = new Float64Array(codes.length);
  for (let column = 0; column < columns; column++) {
    const group = levels.groups[column]!;
    const [from, to] = [column * n, (column + 1) * n];
    for (let at = from; at < to; at++) values[at] = levels.valueOf(group, codes[at]!);
    const { loaded } = matrixOf(problem, column);
    multiplySymmetric(products.subarray(from, to), loaded, values.subarray(from, to));
  }
  return { codes, values, products };
}

/**
 * One round of coordinate descent, in place: each code becomes the nearest to the best value of its weight
 * given all others, q_i - [(H + L)(q - w*)]_i / (H + L)_ii. Returns the number of codes that changed.
 */
export function descend(problem: CodeProblem, levels: Levels, { codes, values, products }: Codes): number {
  const { inputs: n, columns, pull } = problem;
  let changes = 0;
  for (let column = 0; column < columns; column++) {
    const group = levels.groups[column]!;
    const { loaded } = matrixOf(problem, column);
    const zero = levels.zeroOf(group);
    const from = column * n;
    for (let i = 0; i < n; i++) {
      const at = from + i;
      if (isFixed(problem, at, zero)) continue;
      const best = values[at]! - (products[at]! - pull[at]!) / loaded[i * n + i]!;
      const code = levels.nearest(group, best);
      if (code === codes[at]) continue;
      const step = levels.valueOf(group, code) - values[at]!;
      codes[at] = code;
      values[at]! += step;
      const row = i * n;
      for (let j = 0; j < n; j++) products[from + j]! += step * loaded[row + j]!;
      changes++;
    }
  }
  return changes;
}

/**
 * The factor for the values of each group that minimises the error, (q'(H + L) w*) / (q'(H + L) q); 1 for a
 * group whose values are all 0 or would change sign.
 */
export function bestFactors(
  { inputs: n, columns, pull }: CodeProblem,
  { groups }: Levels,
  { values, products }: Codes,
): Float64Array {
  const count = groups.reduce((most, group) => Math.max(most, group + 1), 0);
  const along = new Float64Array(count);
  const square = new Float64Array(count);
  for (let column = 0; column < columns; column++) {
    const group = groups[column]!;
    for (let at = column * n; at < (column + 1) * n; at++) {
      along[group]! += values[at]! * pull[at]!;
      square[group]! += values[at]! * products[at]!;
    }
  }
  return along.map((value, group) => (value > 0 && square[group]! > 0 ? value / square[group]! : 1));
}

/**
 * Squared error of the outputs on the calibration set, without the ridge, summed over the columns of each
 * group and up to a constant, so that it may be negative.
 */
export function outputErrors(
  problem: CodeProblem,
  { groups }: Levels,
  { values, products }: Codes,
): Float64Array {
  const { inputs: n, columns, wanted } = problem;
  const errors = new Float64Array(groups.reduce((most, group) => Math.max(most, group + 1), 0));
  for (let column = 0; column < columns; column++) {
    const { ridge } = matrixOf(problem, column);
    let error = 0;
    for (let at = column * n; at < (column + 1) * n; at++) {
      const value = values[at]!;
      error += value * (products[at]! - ridge * value - 2 * wanted[at]!);
    }
    errors[groups[column]!]! += error;
  }
  return errors;
}

/** Whether a weight is exactly 0 and must stay so, which needs a code for zero in its group. */
function isFixed({ weights }: CodeProblem, at: number, zero: number | undefined): boolean {
  return zero !== undefined && weights[at] === 0;
}
