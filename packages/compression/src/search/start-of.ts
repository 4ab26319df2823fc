import type { Agent, Environment, PruneConfig } from '@tersor/core';

/** What a search begins with where its config does not say: what loses the least by second moments. */
const DEFAULT_START = 'reconstruction';

/**
 * Heuristics that a search evaluates first: those of its config; left out, the one by reconstruction, where
 * the environment offers it and the agent has no start of its own.
 */
export function startOf(
  { warmStart }: PruneConfig['search'],
  { hasOwnStart = false }: Pick<Agent, 'hasOwnStart'>,
  { heuristics = {} }: Pick<Environment, 'heuristics'>,
): readonly string[] {
  if (warmStart) return warmStart;
  return !hasOwnStart && heuristics[DEFAULT_START] ? [DEFAULT_START] : [];
}
