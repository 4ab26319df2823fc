import type { Action, AgentTask } from '@tersor/core';

/** Chooses a policy that was not tried; each is the actions of all steps, in the unit cube. */
export type FirstNew = (
  candidates: Iterable<readonly number[]>,
  tried: readonly (readonly number[])[],
) => readonly number[];

/**
 * Different actions may be rounded to the same policy, bits above all: around a reference nearly all of them
 * are the reference. Measured again it would tell nothing. Gives the first of the candidates that is carried
 * out as a policy of its own; the first of all where none is, or where the environment does not say what
 * actions are carried out as.
 */
export function createFirstNew(
  policyOf: AgentTask['policyOf'],
  actionsOf: (policy: readonly number[]) => readonly Action[],
): FirstNew {
  const keys = new WeakMap<readonly number[], string>();
  const keyOf = (policy: readonly number[]): string => {
    const known = keys.get(policy);
    if (known !== undefined) return known;
    const key = JSON.stringify(policyOf!(actionsOf(policy)));
    keys.set(policy, key);
    return key;
  };
  return (candidates, tried) => {
    const old = policyOf && new Set(tried.map(keyOf));
    let first: readonly number[] | undefined;
    for (const candidate of candidates) {
      if (!old || !old.has(keyOf(candidate))) return candidate;
      first ??= candidate;
    }
    return first!;
  };
}
