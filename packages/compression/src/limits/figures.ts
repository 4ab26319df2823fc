import type { LayerGraph, PruneLimit } from '@tersor/core';

/** What a network uses of each limit, by name. */
export function figuresOf(limits: readonly PruneLimit[], network: LayerGraph): Record<string, number> {
  return Object.fromEntries(limits.map(({ name, of }) => [name, of(network)]));
}

/** The figures whose names are not among the known ones. */
export function furtherFigures(
  figures: Readonly<Record<string, number>>,
  known: object,
): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).filter(([name]) => !(name in known)));
}
