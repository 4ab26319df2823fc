import { allocationError, type AllocationBudget, type GroupErrors } from '../src/allocation/allocate.js';

/**
 * Counts with a smaller sum of errors that fit as well: takes channels from one group and gives another as
 * many as then fit, each time the pair and the number that lower the sum the most, until no such exchange
 * does. Numbers are powers of two of what counts are multiples of.
 *
 * @param counts a start that fits, as from `allocate`
 */
export function exchange(budget: AllocationBudget, groups: GroupErrors, counts: readonly number[]): number[] {
  let best = [...counts];
  let least = allocationError(groups, best);
  for (;;) {
    let better: number[] | undefined;
    for (const giver of best.keys())
      for (const fewer of smallerCounts(budget, best, giver))
        for (const taker of best.keys()) {
          if (taker === giver) continue;
          const found = largestCount(budget, groups, best.with(giver, fewer), taker);
          const error = allocationError(groups, found);
          // Sums that differ by their rounding alone would be exchanged for ever.
          if (error >= least * (1 - 1e-9)) continue;
          [better, least] = [found, error];
        }
    if (!better) return best;
    best = better;
  }
}

/** The group's allowed counts below its own, farther and farther from it. */
function smallerCounts({ smallest, multiple }: AllocationBudget, counts: readonly number[], group: number) {
  const found: number[] = [];
  const top = Math.floor((counts[group]! - 1) / multiple);
  for (let step = 1; ; step *= 2) {
    const count = Math.max(smallest[group]!, (top - step + 1) * multiple);
    if (count >= counts[group]!) return found;
    found.push(count);
    if (count === smallest[group]) return found;
  }
}

/** The counts with as many channels of the group as fit. */
function largestCount(
  { multiple, fits }: AllocationBudget,
  { errors }: GroupErrors,
  counts: readonly number[],
  group: number,
): number[] {
  const whole = errors[group]!.length - 1;
  const base = Math.floor(counts[group]! / multiple);
  const at = (steps: number) => counts.with(group, Math.min(whole, (base + steps) * multiple));
  const most = Math.ceil(whole / multiple) - base;
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(at(middle))) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? [...counts] : at(low);
}
