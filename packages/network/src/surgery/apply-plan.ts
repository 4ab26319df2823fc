import { TersorError, type LayerGraph, type PrunePlan, type Pruner } from '@tersor/core';
import { removeDeadChannels } from './remove-dead-channels.js';

/**
 * Applies a plan to the original graph. Each pruner applies its own steps: kernel slices first, since their
 * indexes are those of the original network; then channels; then blocks. Finally, channels that zeroed slices
 * left dead are removed. Throws `PLAN_MISMATCH` if the pruner of a step is missing.
 */
export function applyPlan(graph: LayerGraph, pruners: readonly Pruner[], plan: PrunePlan): LayerGraph {
  const stranger = plan.find((step) => !pruners.some(({ id }) => id === step.pruner));
  if (stranger)
    throw new TersorError(
      'PLAN_MISMATCH',
      `The plan needs the pruner "${stranger.pruner}", which is missing.`,
      { hint: `Available pruners: ${pruners.map(({ id }) => id).join(', ')}.` },
    );
  const smaller = inOrder(pruners).reduce(
    (result, pruner) =>
      pruner.apply(
        result,
        plan.filter((step) => step.pruner === pruner.id),
      ),
    graph,
  );
  return plan.some(({ zeroSlices }) => zeroSlices) ? removeDeadChannels(smaller) : smaller;
}

/**
 * `applyPlan`, after which every pruner with an `adapt` step adapts the result, on the backend that it was
 * prepared with. Throws `PLAN_MISMATCH`.
 */
export async function applyAndAdapt(
  graph: LayerGraph,
  pruners: readonly Pruner[],
  plan: PrunePlan,
): Promise<LayerGraph> {
  let result = applyPlan(graph, pruners, plan);
  for (const pruner of inOrder(pruners)) result = (await pruner.adapt?.(result, plan)) ?? result;
  return result;
}

/** Lets every pruner that can finish the network that `applyAndAdapt` has made of the plan. */
export async function finishPlan(
  graph: LayerGraph,
  pruners: readonly Pruner[],
  plan: PrunePlan,
): Promise<LayerGraph> {
  let result = graph;
  for (const pruner of inOrder(pruners)) result = (await pruner.finish?.(result, plan)) ?? result;
  return result;
}

/** Slices before channels before blocks. */
function inOrder(pruners: readonly Pruner[]): Pruner[] {
  const order = ['slices', 'channels', 'blocks'];
  return [...pruners].sort((a, b) => order.indexOf(a.action) - order.indexOf(b.action));
}
