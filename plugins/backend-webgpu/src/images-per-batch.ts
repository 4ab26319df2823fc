import type { LayerGraph } from '@tersor/core';

/** Bytes that the largest result of a layer should take for a whole batch. */
const BYTES = 2 ** 27;
/** More images than this gain nothing. */
const MOST = 512;

/** How many images of a network should run at once on a GPU, at least one. */
export function imagesPerBatch({ calls }: LayerGraph): number {
  const largest = calls.reduce(
    (bytes, { outputShape }) =>
      Math.max(
        bytes,
        outputShape.reduce<number>((size, side) => size * (side ?? 1), 4),
      ),
    4,
  );
  return Math.max(1, Math.min(MOST, Math.floor(BYTES / largest)));
}
