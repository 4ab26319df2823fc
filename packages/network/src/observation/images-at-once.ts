import type { LayerGraph } from '@tersor/core';

/** Most bytes for the results of one pass. */
const BYTES = 2 ** 27;
/** Results in memory at once besides the requested ones: a layer's input, output and scratch space. */
const ALIVE = 3;

/**
 * How many images (1 to `most`) should run at once if the results of `calls` are kept until the pass ends:
 * these results plus three times the largest result of any call stay below 128 MiB. Results with an open size
 * do not count.
 */
export function imagesAtOnce(graph: LayerGraph, calls: readonly number[], most: number): number {
  const bytesOf = ({ outputShape }: LayerGraph['calls'][number]) =>
    outputShape.reduce<number>((size, side) => size * (side ?? 0), 4);
  const largest = graph.calls.reduce((bytes, call) => Math.max(bytes, bytesOf(call)), 0);
  const observed = [...new Set(calls)].reduce((bytes, call) => bytes + bytesOf(graph.calls[call]!), 0);
  return Math.max(1, Math.min(most, Math.floor(BYTES / Math.max(1, observed + ALIVE * largest))));
}
