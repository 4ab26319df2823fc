import type { Backend, Dataset, LayerGraph } from '@tersor/core';
import { compileFused } from '@tersor/network';

/**
 * Images of two values, the index and the middle of all. The class says whether it is right to call the first
 * the larger: wrong for a quarter of the images.
 */
export function plantedImages(count: number): Dataset {
  const middle = (count - 1) / 2;
  return {
    id: 'planted',
    imageShape: [1, 1, 2],
    classNames: ['first', 'second'],
    padValue: [0, 0],
    size: () => count,
    read: async (_split, indexes) => ({
      images: Float32Array.from(indexes.flatMap((index) => [index, middle])),
      labels: Int32Array.from(indexes, (index) => (index > middle === index % 4 > 0 ? 0 : 1)),
    }),
  };
}

/** An evaluator needs no more of a backend than this; the rest is tested by the backend contract. */
export const inferenceBackend = { compile: (graph: LayerGraph) => compileFused(graph) } as unknown as Backend;
