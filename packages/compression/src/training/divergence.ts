import type { LayerGraph } from '@tersor/core';
import { networkOutput, outputDivergence, type ScoreKind } from '@tersor/network';

/** What a candidate has whose outputs are not finite: as if it gave what is certain a probability of 1e-7. */
export const WORST_DIVERGENCE = -Math.log(1e-7);

/** How far outputs are from an original network's on the same images. */
export interface DivergenceMeter {
  /**
   * The divergence of a candidate's outputs, in nats: summed over the images.
   * @param places of the images among those that the original was run on
   */
  summed(outputs: Float32Array, places: readonly number[]): Promise<number>;
}

/**
 * Makes a meter. The original is run once, when it is first needed.
 * @param outputsOfAll the outputs of the original for all `count` images, one after the other
 */
export function createDivergenceMeter(
  original: LayerGraph,
  count: number,
  outputsOfAll: () => Promise<Float32Array>,
): DivergenceMeter {
  const kind = kindOfOutputs(original);
  let known: Float32Array | undefined;
  return {
    summed: async (outputs, places) => {
      known ??= await outputsOfAll();
      const classes = known.length / count;
      const wanted = new Float32Array(places.length * classes);
      places.forEach((place, i) =>
        wanted.set(known!.subarray(place * classes, (place + 1) * classes), i * classes),
      );
      return places.length * outputDivergence(wanted, outputs, places.length, kind);
    },
  };
}

/** What a whole network gives: what its softmax or sigmoid makes of scores, where it ends in one. */
function kindOfOutputs(graph: LayerGraph): ScoreKind {
  const { graph: logits, link, isApplied } = networkOutput(graph);
  return { link, isApplied: isApplied || logits !== graph };
}
