import { TersorError, type Action, type Environment, type Space, type StepResult } from '@tersor/core';

/** What the two stages' residual environments differ in. */
interface ResidualSteps {
  readonly actionSpace: Space;
  readonly steps: number;
  /** Numbers of an observation, each in [-1, 1]. */
  readonly size: number;
  /** Of the next step, after the actions so far; of the last step where all were taken. */
  observe(actions: readonly Action[]): readonly number[];
  /** Carries a whole episode out. */
  finish(actions: readonly Action[]): Promise<{
    readonly policy: unknown;
    readonly reward: number;
    readonly measures: Readonly<Record<string, number>>;
  }>;
  readonly heuristics: NonNullable<Environment['heuristics']>;
}

/**
 * Walks one step a group or layer and carries all actions out at the end, so that each is carried out just as
 * it was proposed: `executed` is the action itself.
 */
export function residualWalk(walk: ResidualSteps): Environment {
  const { actionSpace, steps, size, heuristics } = walk;
  let actions: Action[] = [];
  let active = false;
  return {
    observationSpace: { type: 'box', low: Array<number>(size).fill(-1), high: Array<number>(size).fill(1) },
    actionSpace,
    maxSteps: steps,
    reset: async () => {
      actions = [];
      active = true;
      return { observation: walk.observe(actions) };
    },
    step: async (action): Promise<StepResult> => {
      if (!active)
        throw new TersorError(
          'EPISODE_OVER',
          'The residual environment was stepped outside of an episode; call reset first.',
        );
      const executed = within(actionSpace, action);
      actions = [...actions, executed];
      const observation = walk.observe(actions);
      const terminated = actions.length === steps;
      if (!terminated) return { observation, reward: 0, terminated, truncated: false, info: { executed } };
      active = false;
      const { policy, reward, measures } = await walk.finish(actions);
      return { observation, reward, terminated, truncated: false, info: { executed, measures, policy } };
    },
    heuristics,
  };
}

function within(space: Space, action: Action): Action {
  return space.type === 'discrete'
    ? [Math.min(space.size - 1, Math.max(0, Math.round(action[0]!)))]
    : action.map((value, i) => Math.min(space.high[i]!, Math.max(space.low[i]!, value)));
}
