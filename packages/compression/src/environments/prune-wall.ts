import { TersorError, type LayerGraph, type PruneTask } from '@tersor/core';
import { widthCost, type WidthCost } from '../cost/width-cost.js';
import { predictLatency, widthLatency } from '../latency/predict-latency.js';

/** What has been decided for one group. */
export interface Choice {
  /** Channels that stay. */
  readonly keep: number;
  /** Share of 2-D kernel slices that stays in the producing kernels. */
  readonly share: number;
}

/** The budget of a pruning task, asked of choices for all of its groups. */
export interface PruneWall {
  costOf(choices: readonly Choice[]): WidthCost;
  /** Whether all limits are kept. */
  fits(choices: readonly Choice[]): boolean;
  /** Throws `BUDGET_INFEASIBLE`, naming a limit and what can be reached, when the smallest choices do not fit. */
  requireFeasible(smallest: readonly Choice[]): void;
  /** Milliseconds that are predicted for a candidate; only where the budget has a latency. */
  readonly latencyOf: ((candidate: LayerGraph) => number) | undefined;
}

interface Limit {
  readonly name: string;
  readonly limit: number;
  of(choices: readonly Choice[]): number;
  /** A figure as the user reads it, rounded up or down. */
  format(value: number, round: (value: number) => number): string;
  readonly reached: string;
}

/** Makes the wall. Throws `LATENCY_TABLE_INVALID` when the table lacks a layer of the network. */
export function createPruneWall({ graph, groups, budget }: PruneTask): PruneWall {
  const costAt = widthCost(graph, groups);
  const costOf = (choices: readonly Choice[]) => costAt(choices.map(({ keep }) => keep), choices.map(({ share }) => share));
  const count = { format: (value: number, round: (value: number) => number) => String(round(value)), reached: 'still has' };
  const limits: Limit[] = [];
  if (budget.macs !== undefined) limits.push({ name: 'macs', limit: budget.macs, of: (choices) => costOf(choices).macsWithoutZeroSlices, ...count });
  if (budget.parameters !== undefined) limits.push({ name: 'parameters', limit: budget.parameters, of: (choices) => costOf(choices).parametersWithoutZeroSlices, ...count });
  if (budget.latency) {
    const { milliseconds, table } = budget.latency;
    const latencyAt = widthLatency(table, graph, groups);
    limits.push({
      name: 'latency',
      limit: milliseconds,
      of: (choices) => latencyAt(choices.map(({ keep }) => keep)),
      format: (value, round) => `${round(value * 1e4) / 1e4} ms`,
      reached: 'is still predicted to take',
    });
  }
  return {
    costOf,
    fits: (choices) => limits.every(({ limit, of }) => of(choices) <= limit),
    requireFeasible: (smallest) => {
      const broken = limits.find(({ limit, of }) => of(smallest) > limit);
      if (!broken) return;
      const { name, limit, of, format, reached } = broken;
      const reachable = format(of(smallest), Math.ceil);
      throw new TersorError('BUDGET_INFEASIBLE', `prune.budget.${name} is ${format(limit, Math.floor)}, but with every group at its minimum the network ${reached} ${reachable}.`, {
        hint: `Set it to ${reachable} or more, lower "prune.minimum", or exclude fewer layers.`,
      });
    },
    latencyOf: budget.latency && ((candidate) => predictLatency(budget.latency!.table, candidate)),
  };
}
