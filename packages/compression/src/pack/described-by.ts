import type { Dataset, LayerGraph } from '@tersor/core';

/**
 * A network that says what its input and output mean: class names and preprocessing of the data set, under
 * `tersor` in the user's metadata. All files that are written of it hold them, and `loadModel` of
 * `@tersor/runtime` returns them.
 */
export function describedBy({ classNames, preprocessing }: Dataset, graph: LayerGraph): LayerGraph {
  const { metadata } = graph;
  const tersor = { classNames, ...(preprocessing && { preprocessing }) };
  return {
    ...graph,
    metadata: { ...metadata, userDefinedMetadata: { ...metadata?.userDefinedMetadata, tersor } },
  };
}
