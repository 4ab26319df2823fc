import type { GraphLayer, LayerGraph, WeightTensor } from '@tersor/core';

/** A weight array and the layer that it belongs to, in the graph's order. */
export interface WeightSlot {
  readonly layer: GraphLayer;
  readonly weight: WeightTensor;
}

/**
 * The name of a layer's weight in the files that stock tfjs loads: `layer/weight`, or just `weight` if the
 * layer wraps a model, whose weights have full names.
 */
export function storedName(layer: Pick<GraphLayer, 'name' | 'config'>, weight: string): string {
  return wrapsModel(layer.config) ? weight : `${layer.name}/${weight}`;
}

/**
 * Whether a layer's config contains a whole model, as that of `TimeDistributed` can. tfjs builds that model
 * first, separately from the layer.
 */
export function wrapsModel(config: GraphLayer['config']): boolean {
  const inner = config['layer'] as { config?: unknown } | undefined;
  return (
    Array.isArray(inner?.config) || Array.isArray((inner?.config as { layers?: unknown } | undefined)?.layers)
  );
}

/**
 * Every weight array of a graph, layer by layer and in each layer's own order: the order of training sessions
 * and of the packed file.
 */
export function weightSlots(graph: LayerGraph): WeightSlot[] {
  return graph.layers.flatMap((layer) => layer.weights.map((weight) => ({ layer, weight })));
}

/** Copies of all weight arrays, in the order of `weightSlots`. */
export function copyWeights(graph: LayerGraph): Float32Array[] {
  return weightSlots(graph).map(({ weight }) => Float32Array.from(weight.data));
}

/** The same network with other values; `weights` is in the order of `weightSlots` and is not copied. */
export function withWeights(graph: LayerGraph, weights: readonly Float32Array[]): LayerGraph {
  let next = 0;
  const layers = graph.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => ({ ...weight, data: weights[next++]! })),
  }));
  return { ...graph, layers };
}

/**
 * The same network with other values in some weights, by `<layer>/<weight>`; they are not copied. Names that
 * the network does not have are passed over.
 */
export function withSomeWeights(graph: LayerGraph, changed: ReadonlyMap<string, Float32Array>): LayerGraph {
  const layers = graph.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => ({
      ...weight,
      data: changed.get(`${layer.name}/${weight.name}`) ?? weight.data,
    })),
  }));
  return { ...graph, layers };
}

/**
 * Whether a weight is a kernel, which is decayed, pruned and quantized, unlike biases and batch norms.
 */
export function isKernel(weight: WeightTensor): boolean {
  return weight.name.endsWith('kernel');
}
