import type { Action, Environment, Space, StepResult } from '@tersor/core';
import { requireRefusal, requireRule } from '../contract-failure.js';
import type { Case } from '../contract.js';

interface Episode {
  readonly observations: readonly (readonly number[])[];
  readonly steps: readonly StepResult[];
}

/**
 * The promises of an `Environment`. `make` gives a new one for the same task each time, for instance from
 * `pruneTask()`.
 *
 * @example
 * describeContract('my environment', environmentContract(() => createEnvironment(pruneTask())));
 */
export function environmentContract(make: () => Environment | Promise<Environment>): Case[] {
  const episodes = async (check: (episode: Episode, environment: Environment) => void) => {
    const environment = await make();
    for (const share of [0, 0.5, 1]) check(await play(environment, share, 1), environment);
    environment.dispose?.();
  };
  return [
    {
      name: 'observations lie in the observation space',
      run: () =>
        episodes(({ observations }, { observationSpace: { low, high } }) => {
          for (const observation of observations) {
            const inside =
              observation.length === low.length &&
              observation.every((value, i) => value >= low[i]! - 1e-6 && value <= high[i]! + 1e-6);
            requireRule(inside, {
              member: 'observationSpace',
              expected: `${low.length} numbers within its bounds`,
              found: JSON.stringify(observation),
            });
          }
        }),
    },
    {
      name: 'an episode ends within maxSteps',
      run: () =>
        episodes(({ steps }, { maxSteps }) => {
          const last = steps.at(-1)!;
          requireRule(last.terminated || last.truncated, {
            member: 'step',
            expected: `the end by step ${maxSteps}`,
            found: `an episode that goes on after ${steps.length} steps`,
          });
        }),
    },
    {
      name: 'reports the action that was carried out, within the action space',
      run: () =>
        episodes(({ steps }, { actionSpace }) => {
          for (const { info } of steps)
            requireRule(contains(actionSpace, info.executed), {
              member: 'info.executed',
              expected: 'a point of the action space',
              found: JSON.stringify(info.executed),
            });
        }),
    },
    {
      name: 'rewards are finite',
      run: () =>
        episodes(({ steps }) => {
          for (const { reward } of steps)
            requireRule(Number.isFinite(reward), {
              member: 'reward',
              expected: 'a finite number',
              found: String(reward),
            });
        }),
    },
    {
      name: 'reports measures and policy at the end, and only there',
      run: () =>
        episodes(({ steps }) => {
          steps.forEach(({ info }, i) => {
            const isLast = i === steps.length - 1;
            const told = info.measures !== undefined && info.policy !== undefined;
            requireRule(isLast ? told : info.measures === undefined && info.policy === undefined, {
              member: 'info',
              expected: isLast ? 'measures and policy in the last step' : `neither in step ${i + 1}`,
              found: JSON.stringify(Object.keys(info)),
            });
          });
          const { policy } = steps.at(-1)!.info;
          requireRule(JSON.stringify(policy) !== undefined, {
            member: 'info.policy',
            expected: 'plain JSON',
            found: String(policy),
          });
        }),
    },
    {
      name: 'the same seed and actions give the same episode',
      run: async () => {
        const [first, second] = [await make(), await make()];
        const [a, b] = [await play(first, 0.5, 3), await play(second, 0.5, 3)];
        const again = await play(first, 0.5, 3);
        for (const other of [b, again])
          requireRule(JSON.stringify(other) === JSON.stringify(a), {
            member: 'reset',
            expected: JSON.stringify(a.steps.map(({ reward }) => reward)),
            found: JSON.stringify(other.steps.map(({ reward }) => reward)),
          });
        [first, second].forEach((environment) => environment.dispose?.());
      },
    },
    {
      name: 'refuses a step outside of an episode with EPISODE_OVER',
      run: async () => {
        const environment = await make();
        for (const when of ['before reset', 'after the end']) {
          if (when === 'after the end') await play(environment, 0.5, 1);
          await requireRefusal(
            'step',
            'EPISODE_OVER',
            () => environment.step(point(environment.actionSpace, 0.5)),
            ` ${when}`,
          );
        }
        environment.dispose?.();
      },
    },
    {
      name: 'its heuristics are whole episodes of actions within the action space',
      run: async () => {
        const environment = await make();
        for (const [name, heuristic] of Object.entries(environment.heuristics ?? {})) {
          const actions = await heuristic();
          await environment.reset(1);
          let ended = false;
          for (const action of actions) {
            requireRule(contains(environment.actionSpace, action), {
              member: `heuristics.${name}`,
              expected: 'points of the action space',
              found: JSON.stringify(action),
            });
            const { terminated, truncated } = await environment.step(action);
            ended = terminated || truncated;
          }
          requireRule(ended, {
            member: `heuristics.${name}`,
            expected: 'actions up to the end of the episode',
            found: `${actions.length} actions, which leave it unfinished`,
          });
        }
        environment.dispose?.();
      },
    },
    {
      name: 'the features of its steps are the start of their observations',
      run: () =>
        episodes(({ observations, steps }, { features }) => {
          if (!features) return;
          for (const [step, row] of features.slice(0, steps.length).entries()) {
            const begin = observations[step]!.slice(0, row.length);
            requireRule(JSON.stringify(begin) === JSON.stringify(row), {
              member: 'features',
              expected: JSON.stringify(row),
              found: JSON.stringify(begin),
            });
          }
        }),
    },
    {
      name: 'the observations that it predicts for actions are those of their episode',
      run: () =>
        episodes(({ observations, steps }, { observationsOf }) => {
          if (!observationsOf || steps.at(-1)!.truncated) return;
          const told = observationsOf(steps.map(({ info }) => info.executed));
          requireRule(JSON.stringify(told) === JSON.stringify(observations.slice(0, steps.length)), {
            member: 'observationsOf',
            expected: JSON.stringify(observations.slice(0, steps.length)),
            found: JSON.stringify(told),
          });
        }),
    },
    {
      name: 'the effects that it tells of actions are a row of numbers in [-1, 1] for each step',
      run: () =>
        episodes(({ steps }, { effectsOf, maxSteps }) => {
          if (!effectsOf || steps.at(-1)!.truncated) return;
          const actions = steps.map(({ info }) => info.executed);
          const told = effectsOf(actions);
          const width = told[0]?.length ?? 0;
          const areRight = told.every(
            (row) => row.length === width && row.every((value) => Math.abs(value) <= 1),
          );
          requireRule(width > 0 && told.length === maxSteps && areRight, {
            member: 'effectsOf',
            expected: `${maxSteps} rows of numbers in [-1, 1], all as long`,
            found: JSON.stringify(told),
          });
          requireRule(JSON.stringify(effectsOf(actions)) === JSON.stringify(told), {
            member: 'effectsOf',
            expected: 'the same for the same actions',
            found: 'others',
          });
        }),
    },
    {
      name: 'the policy that it says actions are carried out as is that of their episode',
      run: () =>
        episodes(({ steps }, { policyOf }) => {
          if (!policyOf || steps.at(-1)!.truncated) return;
          const told = JSON.stringify(policyOf(steps.map(({ info }) => info.executed)));
          const expected = JSON.stringify(steps.at(-1)!.info.policy);
          requireRule(told === expected, { member: 'policyOf', expected, found: told });
        }),
    },
  ];
}

/** Plays one episode with the action at `share` of the action space, for at most `maxSteps`. */
async function play(environment: Environment, share: number, seed: number): Promise<Episode> {
  const observations = [(await environment.reset(seed)).observation];
  const steps: StepResult[] = [];
  while (steps.length < environment.maxSteps) {
    const step = await environment.step(point(environment.actionSpace, share));
    observations.push(step.observation);
    steps.push(step);
    if (step.terminated || step.truncated) break;
  }
  return { observations, steps };
}

function point(space: Space, share: number): Action {
  return space.type === 'discrete'
    ? [Math.round(share * (space.size - 1))]
    : space.low.map((low, i) => low + share * (space.high[i]! - low));
}

function contains(space: Space, action: Action): boolean {
  if (space.type === 'discrete')
    return action.length === 1 && Number.isInteger(action[0]) && action[0]! >= 0 && action[0]! < space.size;
  return (
    action.length === space.low.length &&
    action.every((value, i) => value >= space.low[i]! - 1e-6 && value <= space.high[i]! + 1e-6)
  );
}
