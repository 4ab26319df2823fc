import { TersorError } from '@tersor/core';
import type { KerasWeight } from '@tersor/network';

/** The weights of a file by layer. */
export interface FileWeights {
  /** Total number of values. */
  readonly count: number;
  of(path: readonly string[]): readonly KerasWeight[];
}

/** Weights that were sorted by the path of their layer. */
export function fileWeights(byLayer: ReadonlyMap<string, readonly KerasWeight[]>): FileWeights {
  const all = [...byLayer.values()].flat();
  return {
    count: all.reduce((sum, { data }) => sum + data.length, 0),
    of: (path) => byLayer.get(pathKey(path)) ?? [],
  };
}

/** A unique key for a path. Names may contain slashes, so they are not joined by one. */
export function pathKey(path: readonly string[]): string {
  return JSON.stringify(path);
}

/** The error for weights that no layer takes. */
export function leftOver(origin: string, names: readonly string[]): TersorError {
  const some = names.slice(0, 8).join(', ') + (names.length > 8 ? ', ...' : '');
  return new TersorError(
    'MODEL_INVALID',
    `${origin} holds ${names.length} weights that belong to no layer: ${some}.`,
    {
      hint: 'The topology and the weights belong to different networks.',
    },
  );
}
