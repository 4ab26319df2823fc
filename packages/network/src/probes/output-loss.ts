import { TersorError, type Backend, type Dataset, type LayerGraph } from '@tersor/core';
import { outputDivergence } from '../gradients/output-divergence.js';
import { networkOutput } from '../graph/network-output.js';

/** The loss of a network whose outputs are not finite. */
const FARTHEST = 1e6;

/** Measures how far a compressed network's outputs are from the original's. */
export type OutputLoss = (compressed: LayerGraph) => Promise<number>;

/** Options of `createOutputLoss`. */
export interface OutputLossOptions {
  readonly graph: LayerGraph;
  readonly dataset: Dataset;
  readonly backend: Pick<Backend, 'compile'>;
  /** Training images, by their places; their labels are not used. */
  readonly chosen: readonly number[];
}

/**
 * Runs the network on training images and returns a function that measures how far another network's outputs
 * are from these: `outputDivergence`, or 1e6 if they are not finite. Throws `DATASET_INVALID` if there are no
 * images.
 */
export async function createOutputLoss(options: OutputLossOptions): Promise<OutputLoss> {
  const { graph, dataset, backend, chosen } = options;
  if (chosen.length === 0)
    throw new TersorError('DATASET_INVALID', `Data set "${dataset.id}" has no training images.`, {
      hint: '`weights: probed` needs training images; otherwise set it to equal.',
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
