import type { Action, AgentTask } from '@tersor/core';
import type { ActionRange } from '@tersor/rl';
import { joined, type Policies, type SetNetwork } from './set-network.js';

/** How critics see policies, which are the actions of all steps, one after the other, in the unit cube. */
export interface PolicyView {
  readonly network: SetNetwork;
  policiesOf(policies: readonly (readonly number[])[]): Policies;
  actionsOf(policy: readonly number[]): Action[];
}

/** Candidates then differ by about half a unit, at the default noise. */
const SCALE = 2.5;

/**
 * Each step has a row: its place, as one number a step of which one is 1, then what the policy changes there
 * (see `Environment.effectsOf`). In an environment that does not say it, the step's action, and what that
 * differs from the mean of all steps by.
 */
export function policyView(
  hidden: readonly number[],
  { effectsOf, maxSteps }: Pick<AgentTask, 'effectsOf' | 'maxSteps'>,
  range: ActionRange,
): PolicyView {
  const { size } = range;
  const actionsOf = (policy: readonly number[]) => stepsOf(policy, size).map((step) => range.toAction(step));
  const changesOf = (policy: readonly number[]) =>
    effectsOf?.(actionsOf(policy)) ?? withMeans(stepsOf(policy, size));
  const width = changesOf(Array<number>(maxSteps * size).fill(0.5))[0]!.length;
  const known = new WeakMap<readonly number[], Float32Array>();
  const rowsOf = (policy: readonly number[]): Float32Array => {
    const found = known.get(policy);
    if (found) return found;
    const rows = new Float32Array(maxSteps * (maxSteps + width));
    changesOf(policy).forEach((changes, step) => {
      const at = step * (maxSteps + width);
      rows[at + step] = 1;
      changes.forEach((value, i) => (rows[at + maxSteps + i] = SCALE * value));
    });
    known.set(policy, rows);
    return rows;
  };
  const last = hidden.at(-1)!;
  return {
    network: {
      each: { sizes: [maxSteps + width, ...hidden], hidden: 'relu', output: 'relu' },
      whole: { sizes: [last, last, 1], hidden: 'relu', output: 'linear' },
    },
    policiesOf: (policies) =>
      joined(
        policies.map(rowsOf),
        policies.map(() => maxSteps),
      ),
    actionsOf,
  };
}

/** The unit numbers of a policy step by step, `size` each. */
export function stepsOf(policy: readonly number[], size: number): number[][] {
  return Array.from({ length: policy.length / size }, (_, step) =>
    policy.slice(step * size, (step + 1) * size),
  );
}

/** Of each step its numbers, from -1 to 1, and what they differ from the mean of all steps by. */
export function withMeans(steps: readonly (readonly number[])[]): number[][] {
  const actions = steps.map((step) => step.map((value) => 2 * value - 1));
  const means = actions[0]!.map(
    (_, i) => actions.reduce((sum, action) => sum + action[i]!, 0) / actions.length,
  );
  return actions.map((action) => [...action, ...action.map((value, i) => value - means[i]!)]);
}
