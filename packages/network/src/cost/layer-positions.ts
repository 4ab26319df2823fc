import { TersorError, type LayerCall, type LayerGraph } from '@tersor/core';
import { isChannelsFirst } from '../graph/channels-first.js';

/** Layers whose kernel is applied once per input position; all others apply it once per output position. */
const BY_INPUT = new Set(['Conv2DTranspose', 'Conv3DTranspose']);

/**
 * Layers whose kernels multiply activations; the kernels of other layers (recurrent ones, embeddings) are not
 * counted as multiply-adds.
 */
const COUNTED = new Set([
  'Conv1D',
  'Conv2D',
  'Conv3D',
  'Conv2DTranspose',
  'Conv3DTranspose',
  'Dense',
  'DepthwiseConv2D',
  'SeparableConv2D',
]);

/**
 * How often each layer's kernel is applied to one sample, over all calls: the number of positions of its
 * output, without the channel axis. Removing channels does not change it, so multiply-adds are `positions *
 * (values of the kernel)`. The depthwise part of a separable convolution has as many positions as the
 * pointwise part. Throws `MODEL_UNSUPPORTED` where a counted layer has an open size.
 */
export function layerPositions(graph: LayerGraph): Map<string, number> {
  const layers = new Map(graph.layers.map((layer) => [layer.name, layer]));
  const positions = new Map<string, number>();
  for (const call of graph.calls) {
    const layer = layers.get(call.layer)!;
    const { className } = layer;
    if (!COUNTED.has(className)) continue;
    const shape = BY_INPUT.has(className) ? graph.calls[call.inputs[0]!]!.outputShape : call.outputShape;
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
