import { TersorError, type LayerCall, type LayerGraph } from '@tersor/core';
import { isChannelsFirst } from '../graph/channels-first.js';
import { inputShapesOf, layersByName } from '../graph/walk.js';
import { factsOf } from '../layers/layer-table.js';

/**
 * How often each layer's kernel is applied to one sample, over all calls: the number of positions in its
 * output (or in its input, according to the layer's facts). Removing channels does not change it, so
 * multiply-adds are `positions * (values of the kernel)`. Layers whose kernels do not multiply activations,
 * or where that is unknown (recurrent layers, embeddings), are left out. Throws `MODEL_UNSUPPORTED` if a
 * counted layer has an open size.
 */
export function layerPositions(graph: LayerGraph): Map<string, number> {
  const layers = layersByName(graph);
  const positions = new Map<string, number>();
  for (const call of graph.calls) {
    const layer = layers.get(call.layer)!;
    const where = factsOf(layer)?.positions;
    if (!where) continue;
    const shape = where === 'input' ? inputShapesOf(graph, call)[0]! : call.outputShape;
    positions.set(
      call.layer,
      (positions.get(call.layer) ?? 0) +
        countPositions(isChannelsFirst(layer) ? shape.slice(1) : shape.slice(0, -1), call),
    );
  }
  return positions;
}

function countPositions(sides: LayerCall['outputShape'], { layer }: LayerCall): number {
  return sides.reduce<number>((product, size) => {
    if (size !== undefined) return product * size;
    throw new TersorError(
      'MODEL_UNSUPPORTED',
      `Layer "${layer}" has an open size, so its multiply-adds cannot be counted.`,
      {
        hint: 'Give the model a fixed input size, for instance [32, 32, 3].',
      },
    );
  }, 1);
}
