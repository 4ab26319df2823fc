/**
 * Point `index` (from 0) of a sequence that fills the unit cube of `dimensions` evenly, however many points
 * are taken: the additive recurrence `x_n = frac(1/2 + n alpha)` with `alpha_i = phi^-i`, phi being the root
 * of `x^(d+1) = x + 1` (the golden ratio for d = 1).
 */
export function evenPoint(index: number, dimensions: number): number[] {
  let root = 2;
  // A fixed point iteration that contracts for every d; 40 rounds reach the precision of a double.
  for (let round = 0; round < 40; round++) root = (1 + root) ** (1 / (dimensions + 1));
  return Array.from({ length: dimensions }, (_, i) => (0.5 + (index + 1) * root ** -(i + 1)) % 1);
}
