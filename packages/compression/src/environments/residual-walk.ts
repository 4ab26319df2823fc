import type { Action, Environment, Space } from '@tersor/core';
import { stepByStep, type EpisodeEnd } from './step-by-step.js';

/** What the two stages' residual environments differ in. */
interface ResidualSteps {
  readonly actionSpace: Space;
  /** Numbers that follow a step's features in an observation, each in [-1, 1]. */
  readonly size: number;
  /** Of each step, whatever the actions: what its observations begin with. */
  readonly features: readonly (readonly number[])[];
  /** What follows a step's features in an observation: after the actions so far. */
  observe(actions: readonly Action[]): readonly number[];
  /** Carries a whole episode out. */
  finish(actions: readonly Action[]): Promise<EpisodeEnd>;
  /** What a policy changes at each step: see `Environment.effectsOf`. */
  effectsOf(actions: readonly Action[]): readonly (readonly number[])[];
  /** What a policy might be worth, from what is known without measuring. */
  readonly guess?: ((actions: readonly Action[]) => number) | undefined;
  /** The policy that `finish` carries out. */
  policyOf(actions: readonly Action[]): unknown;
  readonly heuristics: NonNullable<Environment['heuristics']>;
}

/**
 * Walks one step per group or layer and carries all actions out at the end, so that each is carried out just
 * as it was proposed: `executed` is the action itself.
 */
export function residualWalk(walk: ResidualSteps): Environment {
  const { actionSpace, features, guess, heuristics } = walk;
  const steps = features.length;
  const size = features[0]!.length + walk.size;
  const observedAfter = (before: readonly Action[]) => [
    ...features[Math.min(before.length, steps - 1)]!,
    ...walk.observe(before),
  ];
  return {
    observationSpace: { type: 'box', low: Array<number>(size).fill(-1), high: Array<number>(size).fill(1) },
    actionSpace,
    maxSteps: steps,
    ...stepByStep<Action>({
      name: 'residual',
      count: steps,
      choose: (action) => {
        const executed = within(actionSpace, action);
        return { choice: executed, executed };
      },
      observe: observedAfter,
      finish: (actions) => walk.finish(actions),
    }),
    heuristics,
    features,
    effectsOf: (given) => walk.effectsOf(given.map((action) => within(actionSpace, action))),
    ...(guess && { guess: (given) => guess(given.map((action) => within(actionSpace, action))) }),
    policyOf: (given) => walk.policyOf(given.map((action) => within(actionSpace, action))),
    observationsOf: (given) => {
      const executed = given.map((action) => within(actionSpace, action));
      return executed.map((_action, step) => observedAfter(executed.slice(0, step)));
    },
  };
}

function within(space: Space, action: Action): Action {
  return space.type === 'discrete'
    ? [Math.min(space.size - 1, Math.max(0, Math.round(action[0]!)))]
    : action.map((value, i) => Math.min(space.high[i]!, Math.max(space.low[i]!, value)));
}
