import { resolve } from 'node:path';
import type { LayerGraph, PruneConfig, PruneTask } from '@tersor/core';
import { cost, readLatencyTable, predictLatency } from '@tersor/network';

interface BudgetContext {
  /** The network that shares are of. */
  readonly original: LayerGraph;
  /** Folder that the path of a latency table is resolved against. */
  readonly directory: string;
  /** Id of the backend that a latency table must be of. */
  readonly backend: string;
}

/**
 * The limits of each round in absolute units, latency tables read: `stages`, then `budget`. Throws
 * `LATENCY_TABLE_INVALID`.
 */
export async function absoluteBudgets(
  { stages = [], budget }: PruneConfig,
  context: BudgetContext,
): Promise<PruneTask['budget'][]> {
  const budgets: PruneTask['budget'][] = [];
  for (const each of [...stages, budget]) budgets.push(await absoluteBudget(each, context));
  return budgets;
}

async function absoluteBudget(
  { macs, parameters, latency }: PruneConfig['budget'],
  { original, directory, backend }: BudgetContext,
): Promise<PruneTask['budget']> {
  const total = cost(original);
  const absolute = (value: number, whole: number) => (value <= 1 ? value * whole : value);
  const table =
    latency && (await readLatencyTable(resolve(directory, latency.table), { graph: original, backend }));
  return {
    ...(macs !== undefined && { macs: absolute(macs, total.macs) }),
    ...(parameters !== undefined && { parameters: absolute(parameters, total.parameters) }),
    ...(table && {
      latency: {
        table,
        milliseconds: latency.milliseconds ?? latency.share! * predictLatency(table, original),
      },
    }),
  };
}
