import { decodeTensor, type EncodedTensor, type LayerGraph, type Quantizer } from '@tersor/core';
import { isKernel, weightSlots } from '@tersor/network';
import { toHalfPrecision } from '../pack/half-precision.js';
import { quantizerInput, type BitPolicy, type EncodedWeights } from '../policy/quantized-graph.js';

/**
 * Turns master weights into the weights that a packed file can hold. Weights are in the order of
 * `weightSlots`.
 */
export interface QuantizingProjection {
  project(master: readonly Float32Array[]): readonly Float32Array[];
  /** What `project` last encoded, by `layer/weight`; the next encoding starts from these. */
  encoded(): EncodedWeights;
  /** Takes up what `encoded` gave, to go on from a checkpoint. */
  load(encoded: EncodedWeights): void;
}

/**
 * The projection of quantization-aware training. Kernels of the layers that the policy names are encoded at
 * their bit width and decoded again (refined from the step before where the quantizer can); biases and batch
 * norm are rounded to half precision, as they are stored.
 */
export function quantizingProjection(
  graph: LayerGraph,
  quantizer: Quantizer,
  policy: BitPolicy,
): QuantizingProjection {
  const slots = weightSlots(graph);
  const previous = new Map<string, EncodedTensor>();
  return {
    project: (master) =>
      master.map((data, i) => {
        const { layer, weight } = slots[i]!;
        if (!isKernel(weight)) return toHalfPrecision(data);
        const bits = policy[layer.name];
        if (bits === undefined) return data;
        const input = quantizerInput(layer, weight, data);
        const last = previous.get(input.name);
        const encoded =
          last && quantizer.refine ? quantizer.refine(input, last) : quantizer.encode(input, bits);
        previous.set(input.name, encoded);
        return decodeTensor(encoded);
      }),
    encoded: () => previous,
    load: (encoded) => encoded.forEach((tensor, name) => previous.set(name, tensor)),
  };
}
