import type { GraphLayer } from '@tersor/core';

/** Shape of a weight of a layer; `undefined` if it has no such weight. */
export function weightShape(layer: GraphLayer, name: string): readonly number[] | undefined {
  return layer.weights.find((weight) => weight.name === name)?.shape;
}

/**
 * Whether an axis in a Keras config (counted with the batch) is the last axis of a sample of that rank.
 */
export function isLastAxis(axis: unknown, sampleRank: number): boolean {
  const value = Array.isArray(axis) && axis.length === 1 ? axis[0] : axis;
  return value === undefined || value === null || value === -1 || value === sampleRank;
}
