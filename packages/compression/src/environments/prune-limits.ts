import { TersorError, type LayerGraph, type PruneTask } from '@tersor/core';
import { cost, predictLatency, type Cost } from '@tersor/network';

/** One limit of the budget of stage 1, asked of a network that was made. */
export interface PruneLimit {
  readonly name: 'macs' | 'parameters' | 'latency';
  readonly limit: number;
  /** What a network has of it. `counted` is the network's cost. */
  of(candidate: LayerGraph, counted: Cost): number;
  /** A figure as the user reads it, rounded up or down. */
  format(value: number, round: (value: number) => number): string;
  readonly reached: string;
}

/** The limits that a budget sets. */
export function pruneLimits({ macs, parameters, latency }: PruneTask['budget']): PruneLimit[] {
  const count = {
    format: (value: number, round: (value: number) => number) => String(round(value)),
    reached: 'still has',
  };
  const limits: PruneLimit[] = [];
  if (macs !== undefined)
    limits.push({
      name: 'macs',
      limit: macs,
      of: (_candidate, counted) => counted.macsWithoutZeroSlices,
      ...count,
    });
  if (parameters !== undefined)
    limits.push({
      name: 'parameters',
      limit: parameters,
      of: (_candidate, counted) => counted.parametersWithoutZeroSlices,
      ...count,
    });
  if (latency) {
    limits.push({
      name: 'latency',
      limit: latency.milliseconds,
      of: (candidate) => predictLatency(latency.table, candidate),
      format: (value, round) => `${round(value * 1e4) / 1e4} ms`,
      reached: 'is still predicted to take',
    });
  }
  return limits;
}

/**
 * The first limit that a network is over. Latencies are sums of fractions, which rounding may tell apart: a
 * millionth more is none.
 */
export function brokenLimit(
  limits: readonly PruneLimit[],
  candidate: LayerGraph,
  counted: Cost,
): PruneLimit | undefined {
  return limits.find(({ limit, of }) => of(candidate, counted) > limit * (1 + 1e-6));
}

/** Says who made a network that is over a limit, with both numbers. */
export function budgetExceeded(
  { name, limit, of, format }: PruneLimit,
  candidate: LayerGraph,
  counted: Cost,
  maker: string,
): TersorError {
  const [had, allowed] = [format(of(candidate, counted), Math.ceil), format(limit, Math.floor)];
  return new TersorError(
    'BUDGET_EXCEEDED',
    `${maker} made a network with ${had} where prune.budget.${name} allows ${allowed}.`,
    {
      hint: 'The plugin does not do what it was asked to: hold it to its contract with `tersor check`, or use another.',
    },
  );
}

/** Costs a network that `maker` made. Throws `BUDGET_EXCEEDED` where it is over the budget. */
export function requireWithinBudget(candidate: LayerGraph, budget: PruneTask['budget'], maker: string): void {
  const counted = cost(candidate);
  const broken = brokenLimit(pruneLimits(budget), candidate, counted);
  if (broken) throw budgetExceeded(broken, candidate, counted, maker);
}
