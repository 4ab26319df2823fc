import {
  decodeTensor,
  type EncodedTensor,
  type GraphLayer,
  type LayerGraph,
  type Quantizer,
  type QuantizerInput,
  type WeightTensor,
} from '@tersor/core';
import { isKernel } from '@tersor/network';

/** Stage 2's policy: the bit width of each layer, by name. */
export type BitPolicy = Readonly<Record<string, number>>;

/** Encoded weight arrays by `layer/weight`. */
export type EncodedWeights = ReadonlyMap<string, EncodedTensor>;

/**
 * A weight array the way quantizers take it. Output channels are on the last axis, in depthwise kernels on
 * the one before.
 */
export function quantizerInput(
  layer: GraphLayer,
  weight: WeightTensor,
  data: Float32Array = weight.data,
): QuantizerInput {
  const channelAxis = weight.shape.length - (weight.name === 'depthwise_kernel' ? 2 : 1);
  return { name: `${layer.name}/${weight.name}`, shape: weight.shape, data, channelAxis };
}

/** Layers that have kernels, in the graph's order: those that stage 2 gives bit widths. */
export function layersWithKernels(graph: LayerGraph): GraphLayer[] {
  return graph.layers.filter((layer) => layer.weights.some(isKernel));
}

/** Encodes all kernels of a layer at one bit width. */
export function encodeLayer(quantizer: Quantizer, layer: GraphLayer, bits: number): EncodedWeights {
  const kernels = layer.weights.filter(isKernel).map((weight) => quantizerInput(layer, weight));
  return new Map(kernels.map((input) => [input.name, quantizer.encode(input, bits)]));
}

/** Carries a bit policy out: every named layer's kernels, encoded. */
export function encodeGraph(quantizer: Quantizer, graph: LayerGraph, policy: BitPolicy): EncodedWeights {
  return new Map(
    graph.layers
      .filter(({ name }) => name in policy)
      .flatMap((layer) => [...encodeLayer(quantizer, layer, policy[layer.name]!)]),
  );
}

/** The network that a reader of the packed file gets: encoded weights replaced by their decoded values. */
export function withEncodedWeights(
  graph: LayerGraph,
  encoded: EncodedWeights,
  decode: (tensor: EncodedTensor) => Float32Array = decodeTensor,
): LayerGraph {
  const layers = graph.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => {
      const tensor = encoded.get(`${layer.name}/${weight.name}`);
      return tensor ? { ...weight, data: decode(tensor) } : weight;
    }),
  }));
  return { ...graph, layers };
}
