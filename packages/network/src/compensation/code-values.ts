import { elementCount } from '@tersor/core';
import { choleskyInPlace, solveCholesky } from '../moments/cholesky.js';
import { matrixOf, placeOf, type CodeProblem } from './code-problem.js';
import type { Codes, Levels } from './codes.js';

/** Ridge towards the previous values, as a share of the mean diagonal: decides where codes are redundant. */
const HOLD = 1e-6;

/**
 * The group of each column: the index of its weights along `axis`, which all of them share. With axis -1, all
 * columns are in group 0.
 */
export function columnGroups(problem: CodeProblem, shape: readonly number[], axis: number): Uint32Array {
  if (axis < 0) return new Uint32Array(problem.columns);
  const inner = elementCount(shape.slice(axis + 1));
  return Uint32Array.from(
    { length: problem.columns },
    (_, column) => Math.floor(placeOf(problem, column * problem.inputs) / inner) % shape[axis]!,
  );
}

/** Codes of a problem in the order in which they are stored, that of the row-major weight array. */
export function storedCodes(problem: CodeProblem, codes: Uint8Array): Uint8Array {
  const stored = new Uint8Array(codes.length);
  for (let at = 0; at < codes.length; at++) stored[placeOf(problem, at)] = codes[at]!;
  return stored;
}

/** The inverse of `storedCodes`. */
export function orderedCodes(problem: CodeProblem, stored: Uint8Array): Uint8Array {
  return Uint8Array.from(stored, (_, at) => stored[placeOf(problem, at)]!);
}

/**
 * The values for the codes of one group (0..previous.length-1) that have the least error when the assignment
 * of codes is fixed. They solve sum S'(H + L)S v = sum S'(H + L)w*, where S is the one-hot matrix of a
 * column's codes. Unused codes and the code of exact zero keep their value. Undefined if rounding errors
 * leave no solution.
 */
export function bestValues(
  problem: CodeProblem,
  levels: Levels,
  { codes }: Codes,
  group: number,
  previous: Float64Array,
): Float64Array | undefined {
  const { inputs: n, pull } = problem;
  const size = previous.length;
  const matrix = new Float64Array(size * size);
  const right = new Float64Array(size);
  const row = new Float64Array(size);
  levels.groups.forEach((each, column) => {
    if (each !== group) return;
    const { loaded } = matrixOf(problem, column);
    const from = column * n;
    for (let i = 0; i < n; i++) {
      const code = codes[from + i]!;
      row.fill(0);
      for (let j = 0; j < n; j++) row[codes[from + j]!]! += loaded[i * n + j]!;
      for (let other = 0; other < size; other++) matrix[code * size + other]! += row[other]!;
      right[code]! += pull[from + i]!;
    }
  });
  let trace = 0;
  for (let code = 0; code < size; code++) trace += matrix[code * size + code]!;
  const hold = Math.max((HOLD * trace) / size, 1e-30);
  const zero = levels.zeroOf(group);
  for (let code = 0; code < size; code++) {
    const isKept = code === zero || matrix[code * size + code] === 0;
    if (isKept) {
      for (let other = 0; other < size; other++) {
        matrix[code * size + other] = 0;
        // The kept values are 0 or unused, so the right-hand side does not change.
        matrix[other * size + code] = 0;
      }
      right[code] = 0;
    }
    matrix[code * size + code]! += hold;
    right[code]! += hold * previous[code]!;
  }
  if (!choleskyInPlace(matrix, size)) return undefined;
  solveCholesky(matrix, size, right, 1);
  return right.every(Number.isFinite) ? right : undefined;
}
