import { roundToFloat16, type LayerGraph } from '@tersor/core';
import { isKernel } from '../graph-weights.js';

/** Below this, halves are subnormal and lose precision. */
const SMALLEST_NORMAL = 2 ** -14;

/**
 * The same network with biases and batch norm rounded to half precision, an error of at most 2^-11 of each value: the packed file then stores
 * them in half the bytes. Arrays that hold values too small or too large for that are left alone, and so are kernels, which are the quantizer's.
 * To be applied before the last evaluation, since it changes the network.
 */
export function withHalfPrecision(graph: LayerGraph): LayerGraph {
  const fits = (value: number) => value === 0 || (Math.abs(value) >= SMALLEST_NORMAL && Number.isFinite(roundToFloat16(value)));
  const layers = graph.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => (isKernel(weight) || !weight.data.every(fits) ? weight : { ...weight, data: weight.data.map(roundToFloat16) })),
  }));
  return { ...graph, layers };
}
