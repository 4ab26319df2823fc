import type { GraphLayer, LayerGraph, WeightTensor } from '@tersor/core';

/**
 * Where an offset of a layer's outputs can go: the layer's own bias, or (with the sign turned) the moving
 * mean of the batch norm after it.
 */
export interface OffsetPlace {
  readonly layer: string;
  readonly weight: 'bias' | 'moving_mean';
}

/** Finds the place; undefined where there is none. `calls` are those of the layer. */
export function offsetPlace(
  graph: LayerGraph,
  layer: GraphLayer,
  calls: readonly number[],
): OffsetPlace | undefined {
  if (layer.weights.some(({ name }) => name === 'bias')) return { layer: layer.name, weight: 'bias' };
  // Without a bias, a batch norm that alone reads the output, right after it and once, can take the offset.
  const readers = graph.calls.filter(({ inputs }) => calls.some((call) => inputs.includes(call)));
  const reader = graph.layers.find(({ name }) => name === readers[0]?.layer);
  const activation = layer.config['activation'] ?? 'linear';
  const alone =
    calls.length === 1 &&
    readers.length === 1 &&
    !graph.outputs.includes(calls[0]!) &&
    graph.calls.filter((call) => call.layer === reader?.name).length === 1;
  const mean: WeightTensor | undefined = reader?.weights.find(({ name }) => name === 'moving_mean');
  const outputs = graph.calls[calls[0]!]!.outputShape.at(-1);
  return alone && activation === 'linear' && reader && mean?.shape[0] === outputs
    ? { layer: reader.name, weight: 'moving_mean' }
    : undefined;
}
