import type { CodeProblem } from './code-problem.js';
import { orderedCodes, storedCodes } from './code-values.js';
import { codesOf, outputErrors, type Codes, type Levels } from './codes.js';

/** Group by group the better one of two encodings of the same weights. */
export interface BetterCodes {
  /** Of each group: 1 where the found codes bring the outputs closer, 0 where those to beat stay. */
  readonly isBetter: Float64Array;
  /** Codes of all weights, in the order of the weights. */
  readonly codes: Uint8Array;
}

/**
 * Takes found codes in the groups whose outputs come closer by them, and elsewhere the codes to beat: those
 * of nearest rounding, in the order of the weights, with the levels that they stand for.
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
