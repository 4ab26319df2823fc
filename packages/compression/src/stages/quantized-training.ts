import type { LayerGraph, QuantizeTask } from '@tersor/core';
import { copyWeights, withWeights } from '@tersor/network';
import type { CalibratedNetwork } from '../calibration/calibrate-winner.js';
import { packModel } from '../pack/pack-model.js';
import { withPolicyActivations, type QuantizePolicy } from '../policy/quantize-policy.js';
import { encodeGraph } from '../policy/quantized-graph.js';
import { quantizingProjection, type QuantizingProjection } from './quantization-training.js';

/** What a training of a quantized network begins with. */
export interface QuantizedTraining {
  /**
   * The network with rounded activations, where the policy rounds them: training and its check see them too,
   * the network that is kept is the one without.
   */
  readonly simulated: LayerGraph;
  readonly projection: QuantizingProjection;
  /** Other codes are compressed to other sizes: says so of a network that takes the file over its limit. */
  refuse(network: LayerGraph): string | undefined;
}

/**
 * Starts from codes that were chosen with care, where there are some: their own values are rounded to
 * themselves. Else from the weights, which the first step encodes.
 */
export function trainingFrom(
  start: CalibratedNetwork | undefined,
  {
    graph,
    quantizer,
    bits,
    limit,
  }: Pick<QuantizeTask, 'graph' | 'quantizer'> & {
    readonly bits: QuantizePolicy;
    readonly limit: number;
  },
): QuantizedTraining {
  const projection = quantizingProjection(graph, quantizer, bits.weights);
  if (start) projection.load(start.encoded);
  const network = start?.graph ?? graph;
  const before = () => packModel(network, start?.encoded ?? encodeGraph(quantizer, graph, bits.weights));
  return {
    simulated: withPolicyActivations(network, bits),
    projection,
    refuse: (trained) => {
      const size = packModel(withWeights(graph, copyWeights(trained)), projection.encoded()).length;
      return size > limit && before().length <= limit
        ? `made the file ${size} bytes, over quantize.budget.bytes (${Math.floor(limit)})`
        : undefined;
    },
  };
}
