import type { LayerGraph } from '@tersor/core';
import { networkOutput, outputDivergence } from '@tersor/network';
import { scoresOf } from '../refine/scores.js';
import type { PipelineContext } from './pipeline-context.js';

/** Validation images that outputs are compared on. */
const COMPARED = 1000;

/** How far the outputs of networks are from the original's, on validation images spread over the split. */
export async function divergences(
  { dataset, original, evaluateBackend }: PipelineContext,
  networks: readonly LayerGraph[],
): Promise<number[]> {
  const size = dataset.size('validation');
  const count = Math.min(COMPARED, size);
  const { images } = await dataset.read(
    'validation',
    Array.from({ length: count }, (_, i) => Math.floor((i * size) / count)),
  );
  const wanted = await scoresOf(original, evaluateBackend, images, count);
  const kind = networkOutput(original);
  const found: number[] = [];
  for (const network of networks)
    found.push(
      outputDivergence(wanted, await scoresOf(network, evaluateBackend, images, count), count, kind),
    );
  return found;
}
