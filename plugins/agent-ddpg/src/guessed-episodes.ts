import { createRandom, TersorError, type Action, type AgentTask } from '@tersor/core';
import { relativeWorth, type ActionRange, type ReplayStep } from '@tersor/rl';
import type { DdpgOptions } from './ddpg-options.js';
import { clampToUnit } from './updates.js';

/**
 * Throws `CONFIG_INVALID` for `guesses` in an environment that makes none, or where steps have rewards of
 * their own, which a guess of a whole episode says nothing of.
 */
export function requireGuesses({ guesses, rewards }: DdpgOptions, task: AgentTask): void {
  if (guesses === 0) return;
  if (!task.guess || !task.observationsOf)
    throw new TersorError(
      'CONFIG_INVALID',
      'The agent "ddpg" cannot use "guesses" here: the environment makes none.',
      { hint: 'Use the environment "residual", or leave "guesses" out.' },
    );
  if (rewards === 'step')
    throw new TersorError(
      'CONFIG_INVALID',
      'The agent "ddpg" takes "guesses" only with "rewards: episode".',
      {
        hint: 'Leave one of the two out.',
      },
    );
}

/**
 * Episodes around the middle of the actions' range, near and far, with what the environment makes of them
 * unmeasured. The first keeps to the middle; the others lie normally around it, with a deviation of `sigma`,
 * a half, a quarter or an eighth of it.
 */
export function guessedEpisodes(
  { guesses, sigma }: DdpgOptions,
  task: AgentTask,
  range: ActionRange,
): ReplayStep[][] {
  const random = createRandom(task.seed, 'ddpg guesses');
  const policies = Array.from({ length: guesses }, (_, index) => {
    const deviation = index === 0 ? 0 : sigma / 2 ** random.integer(4);
    return Array.from({ length: task.maxSteps }, () =>
      Array.from({ length: range.size }, () => clampToUnit(0.5 + deviation * random.normal())),
    );
  });
  const actions = policies.map((policy) => policy.map((unit): Action => range.toAction(unit)));
  const guessed = actions.map((each) => task.guess!(each));
  const worth = relativeWorth(guessed);
  return policies.map((policy, index) => {
    const observations = task.observationsOf!(actions[index]!);
    return policy.map((action, step) => ({
      observation: observations[step]!,
      action,
      reward: worth(guessed[index]!),
      nextObservation: observations[step + 1] ?? observations[step]!,
      continues: step + 1 < policy.length,
    }));
  });
}
