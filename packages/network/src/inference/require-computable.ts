import { messageOf, TersorError, type GraphLayer, type LayerGraph } from '@tersor/core';
import { inputShapesOf, layersByName } from '../graph/walk.js';
import { factsOf } from '../layers/layer-table.js';

/**
 * Throws `MODEL_UNSUPPORTED` for a layer with an option that TensorFlow.js silently ignores, so that it
 * computes something else than the network that was trained.
 */
export function requireComputable(graph: LayerGraph): void {
  const layers = layersByName(graph);
  for (const call of graph.calls) {
    const layer = layers.get(call.layer)!;
    const problem = factsOf(layer)?.problem?.(layer, inputShapesOf(graph, call));
    if (!problem) continue;
    throw new TersorError(
      'MODEL_UNSUPPORTED',
      `Layer "${layer.name}" (${layer.className}) ${problem.what}.`,
      { hint: problem.hint },
    );
  }
}

/** The error for a layer that stock tfjs fails on; `cause` is the error of tfjs. */
export function notComputable({ name, className }: GraphLayer, cause: unknown): TersorError {
  if (cause instanceof TersorError) return cause;
  return new TersorError(
    'MODEL_UNSUPPORTED',
    `Layer "${name}" (${className}) cannot be computed by TensorFlow.js: ${messageOf(cause)}`,
    {
      cause,
      hint: 'Stock TensorFlow.js fails on it too. Change the options of the layer, or replace it.',
    },
  );
}
