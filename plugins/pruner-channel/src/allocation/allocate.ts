/** What the counts have to keep to; an `AllocationQuestion` is one. */
export interface AllocationBudget {
  /** By group, the fewest channels that it may keep. */
  readonly smallest: readonly number[];
  /** Counts are multiples of this, or whole. */
  readonly multiple: number;
  /** Each limit, and what counts use of it. */
  readonly limits: readonly { readonly limit: number; of(counts: readonly number[]): number }[];
  /** Whether counts keep all limits. */
  fits(counts: readonly number[]): boolean;
}

/** What is lost with the channels. */
export interface GroupErrors {
  /**
   * By group, its error after so many channels went: `channels + 1` values that begin with 0 and never fall.
   */
  readonly errors: readonly Float64Array[];
}

type Problem = AllocationBudget & GroupErrors;

/** The error of a group is a staircase; its slope is taken over this share of its channels. */
const WINDOW = 1 / 16;

/**
 * The counts with a small sum of errors that fit: begins with everything, and takes channels from the group
 * whose error rises the least for what is saved, until the limits are kept (the greedy method of marginal
 * analysis: Fox, Operations Research 14, 1966; the best there is when errors are convex and every channel
 * costs the same). What the last step took too much is given back where it still fits. With the smallest
 * counts when nothing fits.
 */
export function allocate(budget: AllocationBudget, groups: GroupErrors): number[] {
  const problem: Problem = { ...budget, ...groups };
  const counts = problem.errors.map(({ length }) => length - 1);
  const initial = sharesOf(problem, counts);
  let broken = '';
  /** Slopes by group; out of date where `fresh` is false, but then too small, since savings only shrink. */
  const slopes = counts.map(() => 0);
  const fresh = counts.map(() => false);
  while (!problem.fits(counts)) {
    const shares = sharesOf(problem, counts);
    const over = shares.map((share) => share > 1);
    // While several limits are broken, each counts by how far it was broken at first.
    const importance = over.map((is, limit) => (is ? 1 / (initial[limit]! - 1) : 0));
    if (String(over) !== broken) {
      broken = String(over);
      slopes.fill(0);
    }
    fresh.fill(false);
    const costOf = (at: readonly number[]) =>
      sharesOf(problem, at).reduce((sum, share, limit) => sum + share * importance[limit]!, 0);
    const current = costOf(counts);
    let next: number | undefined;
    for (;;) {
      next = leastOf(slopes, (group) => counts[group]! > problem.smallest[group]!);
      if (next === undefined || fresh[next]) break;
      slopes[next] = slopeOf(problem, counts, next, current, costOf);
      fresh[next] = true;
    }
    if (next === undefined) return counts;
    counts[next] = below(counts[next]!, problem, next);
  }
  return giveBack(problem, counts);
}

/** Summed error of an allocation: what `allocate` keeps small. */
export function allocationError({ errors }: GroupErrors, counts: readonly number[]): number {
  return errors.reduce((sum, curve, group) => sum + curve[curve.length - 1 - counts[group]!]!, 0);
}

/** What a network of these counts has of each limit, as a share of it. */
function sharesOf({ limits }: AllocationBudget, counts: readonly number[]): number[] {
  return limits.map(({ limit, of }) => of(counts) / limit);
}

/** Rise of the error for what is saved; infinite where nothing is. */
function slopeOf(
  problem: Problem,
  counts: readonly number[],
  group: number,
  current: number,
  costOf: (counts: readonly number[]) => number,
): number {
  const curve = problem.errors[group]!;
  const window = Math.max(1, Math.round(((curve.length - 1) * WINDOW) / problem.multiple)) * problem.multiple;
  const from = counts[group]!;
  const to = Math.max(problem.smallest[group]!, Math.min(below(from, problem, group), from - window));
  const saved = current - costOf(counts.with(group, to));
  const rise = allocationError(problem, counts.with(group, to)) - allocationError(problem, counts);
  return saved > 0 ? rise / saved : Infinity;
}

/** The next count of a group below the given one. */
function below(count: number, { multiple, smallest }: Problem, group: number): number {
  return Math.max(smallest[group]!, Math.floor((count - 1) / multiple) * multiple);
}

/** Group with the least slope of those that can still give; of equals the last. */
function leastOf(slopes: readonly number[], canGive: (group: number) => boolean): number | undefined {
  let best: number | undefined;
  slopes.forEach((slope, group) => {
    if (canGive(group) && (best === undefined || slope <= slopes[best]!)) best = group;
  });
  return best;
}

/** Gives channels to groups, each time where the error falls the most, for as long as the limits are kept. */
function giveBack(problem: Problem, counts: readonly number[]): number[] {
  let best = [...counts];
  for (;;) {
    const larger = best
      .flatMap((count, group) => {
        const whole = problem.errors[group]!.length - 1;
        if (count >= whole) return [];
        const next = Math.min(whole, (Math.floor(count / problem.multiple) + 1) * problem.multiple);
        return [best.with(group, next)];
      })
      .filter((each) => problem.fits(each));
    if (larger.length === 0) return best;
    best = larger.reduce((least, each) =>
      allocationError(problem, each) < allocationError(problem, least) ? each : least,
    );
  }
}
