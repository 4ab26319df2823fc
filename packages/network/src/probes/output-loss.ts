import { createRandom, TersorError, type Backend, type Dataset, type LayerGraph } from '@tersor/core';
import { outputDivergence } from '../gradients/output-divergence.js';
import { networkOutput } from '../graph/network-output.js';

const FARTHEST = 1e6;

/** Measures what a compressed network's outputs have lost. */
export type OutputLoss = (compressed: LayerGraph) => Promise<number>;

/** What `createOutputLoss` measures with. */
export interface OutputLossOptions {
  readonly graph: LayerGraph;
  readonly dataset: Dataset;
  readonly backend: Pick<Backend, 'compile'>;
  readonly seed: number;
  /** Training images, whose labels are not used. */
  readonly images: number;
}

/**
 * Runs the network on training images, and makes the measure of how far another network's outputs are from
 * these: `outputDivergence`. A network whose outputs are not finite is as far off as any can be. Throws
 * `DATASET_INVALID` where there are no images.
 */
export async function createOutputLoss(options: OutputLossOptions): Promise<OutputLoss> {
  const { graph, dataset, backend, seed, images: most } = options;
  const chosen = createRandom(seed, 'probes').permutation(dataset.size('train')).slice(0, most);
  if (chosen.length === 0)
    throw new TersorError('DATASET_INVALID', `Data set "${dataset.id}" has no training images.`, {
      hint: '`weights: probed` measures with some of them; or set it to equal.',
    });
  const { images } = await dataset.read('train', chosen);
  const scoresOf = async (network: LayerGraph) => {
    const session = await backend.compile(networkOutput(network).graph);
    try {
      return (await session.run(images)).slice();
    } finally {
      session.dispose();
    }
  };
  const original = await scoresOf(graph);
  const kind = networkOutput(graph);
  return async (compressed) => {
    const divergence = outputDivergence(original, await scoresOf(compressed), chosen.length, kind);
    return Number.isFinite(divergence) ? divergence : FARTHEST;
  };
}
