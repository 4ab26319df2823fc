import { roundToFloat16, type LayerGraph } from '@tersor/core';
import { isKernel } from '@tersor/network';

/** Below this, halves are subnormal and lose precision. */
export const SMALLEST_NORMAL = 2 ** -14;

/**
 * Values rounded to half precision, an error of at most 2^-11 of each; the same array where one of them is
 * too small or too large for that.
 */
export function toHalfPrecision(data: Float32Array): Float32Array {
  const fits = (value: number) =>
    value === 0 || (Math.abs(value) >= SMALLEST_NORMAL && Number.isFinite(roundToFloat16(value)));
  return data.every(fits) ? data.map(roundToFloat16) : data;
}

/**
 * The same network with biases and batch norm in half precision where they fit: the packed file then stores
 * them in half the bytes. Kernels are the quantizer's. To be applied before the last evaluation, since it
 * changes the network.
 */
export function withHalfPrecision(graph: LayerGraph): LayerGraph {
  const layers = graph.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) =>
      isKernel(weight) ? weight : { ...weight, data: toHalfPrecision(weight.data) },
    ),
  }));
  return { ...graph, layers };
}
