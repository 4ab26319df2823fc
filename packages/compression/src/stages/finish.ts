import type { LayerGraph, PrunePlan, Pruner } from '@tersor/core';
import { finishPlan } from '@tersor/network';
import { divergences } from './divergences.js';
import type { PipelineContext } from './pipeline-context.js';

/**
 * Lets the pruners finish the network of the chosen plan. The result is kept where its outputs on validation
 * images, whose labels are not looked at, are closer to the original's than before; else it is undone with a
 * notice.
 */
export async function finish(
  context: PipelineContext,
  graph: LayerGraph,
  pruners: readonly Pruner[],
  plan: PrunePlan,
): Promise<LayerGraph> {
  if (!pruners.some((pruner) => pruner.finish)) return graph;
  context.events.onStage?.('prune-finish');
  const finished = await finishPlan(graph, pruners, plan);
  if (finished === graph) return graph;
  const [before, after] = await divergences(context, [graph, finished]);
  if (after! < before!) return finished;
  context.events.onNotice?.(
    'The refit of the winner did not bring the outputs closer to those of the original (divergence ' +
      `${before!.toFixed(4)}, then ${after!.toFixed(4)}), so the network before it is kept.`,
  );
  return graph;
}
