import { TersorError, type LayerGraph, type PruneLimit } from '@tersor/core';

/**
 * The first limit that a network is over. Latencies are sums of fractions, which rounding may tell apart: a
 * millionth more is none.
 */
export function brokenLimit(limits: readonly PruneLimit[], candidate: LayerGraph): PruneLimit | undefined {
  return limits.find(({ limit, of }) => of(candidate) > limit * (1 + 1e-6));
}

/** Says who made a network that is over a limit, with both numbers. */
export function budgetExceeded(
  { name, limit, of, format }: PruneLimit,
  candidate: LayerGraph,
  maker: string,
): TersorError {
  const [had, allowed] = [format(of(candidate), Math.ceil), format(limit, Math.floor)];
  return new TersorError(
    'BUDGET_EXCEEDED',
    `${maker} made a network with ${had} where prune.budget.${name} allows ${allowed}.`,
    {
      hint: 'The plugin does not do what it was asked: test it with `tersor check`, or use another.',
    },
  );
}

/** Costs a network that `maker` made. Throws `BUDGET_EXCEEDED` where it is over a limit. */
export function requireWithinLimits(
  candidate: LayerGraph,
  limits: readonly PruneLimit[],
  maker: string,
): void {
  const broken = brokenLimit(limits, candidate);
  if (broken) throw budgetExceeded(broken, candidate, maker);
}
