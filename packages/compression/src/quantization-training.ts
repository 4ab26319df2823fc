import { decodeTensor, type EncodedTensor, type LayerGraph, type Quantizer } from '@tersor/core';
import { isKernel, weightSlots } from './graph-weights.js';
import { quantizerInput, type BitPolicy } from './quantized-graph.js';

/**
 * The projection of quantization-aware training: master weights in, the weights that the packed file can hold out. Named layers' kernels are
 * encoded at their bit width and decoded again (refined from the step before where the quantizer can); all else passes through.
 * Weights are in the order of `weightSlots`.
 */
export function quantizingProjection(graph: LayerGraph, quantizer: Quantizer, policy: BitPolicy): (master: readonly Float32Array[]) => readonly Float32Array[] {
  const slots = weightSlots(graph);
  const previous = new Map<number, EncodedTensor>();
  return (master) =>
    master.map((data, i) => {
      const { layer, weight } = slots[i]!;
      const bits = policy[layer.name];
      if (bits === undefined || !isKernel(weight)) return data;
      const input = quantizerInput(layer, weight, data);
      const last = previous.get(i);
      const encoded = last && quantizer.refine ? quantizer.refine(input, last) : quantizer.encode(input, bits);
      previous.set(i, encoded);
      return decodeTensor(encoded);
    });
}
