import { TersorError, type Action, type Environment, type StepResult } from '@tersor/core';

/** What an episode comes to. */
export interface EpisodeEnd {
  readonly policy: unknown;
  readonly reward: number;
  readonly measures: Readonly<Record<string, number>>;
}

/** What the environments differ in that make one choice a step. */
interface Steps<Choice> {
  /** Of the environment, for its error. */
  readonly name: string;
  readonly count: number;
  /** The choice that a proposed action comes to after those so far, and that choice as an action. */
  choose(action: Action, chosen: readonly Choice[]): { readonly choice: Choice; readonly executed: Action };
  /** The observation after the choices so far; `executed` is the last of them as an action, none at first. */
  observe(chosen: readonly Choice[], executed: Action | undefined): number[];
  /** Carries all choices out. */
  finish(chosen: readonly Choice[]): Promise<EpisodeEnd>;
}

/**
 * `reset` and `step` of an environment that makes one choice a step and carries them all out after the last.
 * `step` throws `EPISODE_OVER` outside an episode.
 */
export function stepByStep<Choice>({
  name,
  count,
  choose,
  observe,
  finish,
}: Steps<Choice>): Pick<Environment, 'reset' | 'step'> {
  let chosen: Choice[] = [];
  let active = false;
  return {
    reset: async () => {
      chosen = [];
      active = true;
      return { observation: observe(chosen, undefined) };
    },
    step: async (action): Promise<StepResult> => {
      if (!active)
        throw new TersorError(
          'EPISODE_OVER',
          `The ${name} environment was stepped outside an episode; call reset first.`,
        );
      const { choice, executed } = choose(action, chosen);
      chosen = [...chosen, choice];
      const observation = observe(chosen, executed);
      const terminated = chosen.length === count;
      if (!terminated) return { observation, reward: 0, terminated, truncated: false, info: { executed } };
      active = false;
      const { reward, measures, policy } = await finish(chosen);
      return { observation, reward, terminated, truncated: false, info: { executed, measures, policy } };
    },
  };
}
