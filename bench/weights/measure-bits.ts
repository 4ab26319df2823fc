// What bits do to the outputs, with the codes of a search and after the pass that its winner gets.
import { encodeGraph, withEncodedWeights, type StageCalibration } from '@tersor/compression';
import type { LayerGraph } from '@tersor/core';
import { accuracyOf, networkOutput, outputDivergence } from '@tersor/network';
import type { OpenNetwork } from './open-network.js';

export interface Measured {
  /** KL divergence of the outputs from the original's, in nats. */
  readonly divergence: number;
  readonly accuracy: number;
}

export interface BothWays {
  /** Codes chosen once, for the original's inputs, and the means corrected. */
  readonly searched: Measured;
  readonly calibrated: Measured;
}

/** Measures bits, one number a layer, on the images of the opened network. */
export async function createMeasure(
  { graph, layers, labels, outputsOf }: OpenNetwork,
  calibration: StageCalibration,
): Promise<(bits: readonly number[]) => Promise<BothWays>> {
  const kind = networkOutput(graph);
  const original = (await outputsOf(kind.graph)).slice();
  const measured = async (network: LayerGraph): Promise<Measured> => {
    const scores = await outputsOf(networkOutput(network).graph);
    return {
      divergence: outputDivergence(original, scores, labels.length, kind),
      accuracy: accuracyOf(scores, labels),
    };
  };
  return async (bits) => {
    const weights = Object.fromEntries(layers.map((layer, i) => [layer, bits[i]!]));
    const encoded = encodeGraph(calibration.quantizer, graph, weights);
    return {
      searched: await measured(calibration.correct(withEncodedWeights(graph, encoded))),
      calibrated: await measured((await calibration.finish({ weights }, Infinity)).graph),
    };
  };
}
