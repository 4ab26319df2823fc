import type { CodeProblem } from './code-problem.js';
import { orderedCodes, storedCodes } from './code-values.js';
import { codesOf, outputErrors, type Codes, type Levels } from './codes.js';

/** The better of two encodings of the same weights, chosen for each group. */
export interface BetterCodes {
  /** For each group: 1 if the found codes were chosen, 0 if nearest rounding was. */
  readonly isBetter: Float64Array;
  /** Codes of all weights, in the order of the weights. */
  readonly codes: Uint8Array;
}

/**
 * Chooses, for each group, the found codes if they reduce the output error, and else those of nearest
 * rounding. `nearest` has its codes in the order of the weights, with their levels.
 */
export function betterCodes(
  problem: CodeProblem,
  found: { readonly codes: Codes; readonly levels: Levels },
  nearest: { readonly codes: Uint8Array; readonly levels: Levels },
): BetterCodes {
  const plain = codesOf(problem, nearest.levels, orderedCodes(problem, nearest.codes));
  const before = outputErrors(problem, nearest.levels, plain);
  const after = outputErrors(problem, found.levels, found.codes);
  const isBetter = Float64Array.from(after, (error, group) => Number(error < before[group]!));
  const { groups } = found.levels;
  const chosen = found.codes.codes.map((code, at) =>
    isBetter[groups[Math.floor(at / problem.inputs)]!] ? code : plain.codes[at]!,
  );
  return { isBetter, codes: storedCodes(problem, chosen) };
}
