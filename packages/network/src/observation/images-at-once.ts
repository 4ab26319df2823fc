import type { LayerGraph } from '@tersor/core';

/** Bytes that the results of one pass should take at most. */
const BYTES = 2 ** 27;
/** Results that are alive at once besides those that were asked for: what a layer reads, makes and needs. */
const ALIVE = 3;

/**
 * How many images, at least one and at most `most`, should run at once where the results of `calls` are kept
 * in memory until the pass ends: what they take, and three times the largest result of any call, stay below
 * 128 MiB. Results whose size is left open count as nothing.
 */
export function imagesAtOnce(graph: LayerGraph, calls: readonly number[], most: number): number {
  const bytesOf = ({ outputShape }: LayerGraph['calls'][number]) =>
    outputShape.reduce<number>((size, side) => size * (side ?? 0), 4);
  const largest = graph.calls.reduce((bytes, call) => Math.max(bytes, bytesOf(call)), 0);
  const observed = [...new Set(calls)].reduce((bytes, call) => bytes + bytesOf(graph.calls[call]!), 0);
  return Math.max(1, Math.min(most, Math.floor(BYTES / Math.max(1, observed + ALIVE * largest))));
}
