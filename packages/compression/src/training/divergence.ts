import type { LayerGraph } from '@tersor/core';
import { networkOutput, type ScoreKind } from '@tersor/network';

/** What a candidate has whose outputs are not finite: as if it gave what is certain a probability of 1e-7. */
export const WORST_DIVERGENCE = -Math.log(1e-7);

/** What the outputs of a whole network are: of its softmax or sigmoid, where it has one. */
export function outputsOf(graph: LayerGraph): ScoreKind {
  const { graph: logits, link, isApplied } = networkOutput(graph);
  return { link, isApplied: isApplied || logits !== graph };
}
