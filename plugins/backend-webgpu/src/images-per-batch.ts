import type { LayerGraph } from '@tersor/core';

/** Bytes that the largest result of a layer may take for a whole batch. */
const BYTES = 2 ** 28;
/** More images than this gain nothing. */
const MOST = 1024;

/**
 * How many of a number of images should run at once on a GPU: as many as possible, since each batch costs the
 * processor as much as a small one, and equally many each time, since another size needs other buffers.
 */
export function imagesPerBatch({ calls }: LayerGraph): (count: number) => number {
  const largest = calls.reduce(
    (bytes, { outputShape }) =>
      Math.max(
        bytes,
        outputShape.reduce<number>((size, side) => size * (side ?? 1), 4),
      ),
    4,
  );
  const most = Math.max(1, Math.min(MOST, Math.floor(BYTES / largest)));
  return (count) => Math.max(1, Math.ceil(count / Math.max(1, Math.ceil(count / most))));
}
