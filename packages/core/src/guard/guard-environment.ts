import type { EnvironmentFactory, EnvironmentTask } from '../contracts/environment-task.js';
import type { Action, Environment, Space, StepResult } from '../contracts/environment.js';
import { blamed, misbehaved, type Culprit } from './culprit.js';
import { guarded, requireMethods } from './guarded.js';
import { requirePolicy } from './policies.js';
import { describeSpace, isSpace, isWithin, listOfNumbers } from './values.js';

/**
 * An environment factory whose environments keep to their contract: finite rewards, points of the spaces,
 * episodes that end.
 */
export function guardEnvironmentFactory(culprit: Culprit, factory: EnvironmentFactory): EnvironmentFactory {
  return async (task) => {
    let environment: unknown;
    try {
      environment = await factory(task);
    } catch (cause) {
      throw blamed(culprit, 'its factory', cause);
    }
    requireMethods(culprit, 'its factory', environment, ['reset', 'step']);
    return guardEnvironment(culprit, environment as Environment, task);
  };
}

function guardEnvironment(culprit: Culprit, environment: Environment, task: EnvironmentTask): Environment {
  const { observationSpace, actionSpace, maxSteps, heuristics, features } = environment;
  if (!isSpace(observationSpace) || (observationSpace as Space).type !== 'box') {
    throw misbehaved(
      culprit,
      'observationSpace',
      'a box: { type, low, high }, with as many lows as highs',
      observationSpace,
    );
  }
  if (!isSpace(actionSpace))
    throw misbehaved(
      culprit,
      'actionSpace',
      'a box { type, low, high } or a choice { type, size }',
      actionSpace,
    );
  if (!Number.isInteger(maxSteps) || maxSteps < 1)
    throw misbehaved(culprit, 'maxSteps', 'a whole number above 0', maxSteps);
  const rowsOf = (member: string, value: unknown): readonly (readonly number[])[] => {
    const rows = Array.isArray(value) ? value.map(listOfNumbers) : [];
    const areRight = rows.every(
      (row) => row?.length === rows[0]?.length && row!.every((each) => Math.abs(each) <= 1),
    );
    if (rows.length !== maxSteps || !areRight)
      throw misbehaved(culprit, member, `${maxSteps} rows of numbers in [-1, 1], all as long`, value);
    return value as readonly (readonly number[])[];
  };
  if (features) rowsOf('features', features);
  let steps = 0;
  const observationOf = (member: string, value: unknown): readonly number[] => {
    const observation = listOfNumbers(value);
    if (!observation || !isWithin(observationSpace, observation)) {
      throw misbehaved(culprit, `the observation of ${member}`, describeSpace(observationSpace), value);
    }
    return observation;
  };
  const actionOf = (member: string, value: unknown): Action => {
    const action = listOfNumbers(value);
    if (!action || !isWithin(actionSpace, action))
      throw misbehaved(culprit, member, describeSpace(actionSpace), value);
    return action;
  };
  const checkedStep = (value: unknown): StepResult => {
    if (typeof value !== 'object' || value === null)
      throw misbehaved(culprit, 'step', 'observation, reward, terminated, truncated, info', value);
    const result = value as StepResult;
    const { reward, terminated, truncated } = result;
    const info = (result.info ?? {}) as StepResult['info'];
    if (typeof reward !== 'number' || !Number.isFinite(reward))
      throw misbehaved(culprit, 'the reward of step', 'a finite number', reward);
    for (const [name, flag] of Object.entries({ terminated, truncated })) {
      if (typeof flag !== 'boolean') throw misbehaved(culprit, `${name} of step`, 'true or false', flag);
    }
    const observation = observationOf('step', result.observation);
    const executed = actionOf('info.executed of step', info.executed);
    steps++;
    if (!terminated && !truncated) {
      if (steps >= maxSteps)
        throw misbehaved(culprit, 'step', `the end of the episode by step ${maxSteps} (maxSteps)`, 'no end');
      return { ...result, observation, info: { ...info, executed } };
    }
    const wrong = Object.entries(info.measures ?? {}).find(
      ([, measure]) => typeof measure !== 'number' || !Number.isFinite(measure),
    );
    if (wrong) throw misbehaved(culprit, `info.measures.${wrong[0]} of step`, 'a finite number', wrong[1]);
    requirePolicy(culprit, 'info.policy of step', task, info.policy);
    return { ...result, observation, info: { ...info, executed } };
  };
  const checkedHeuristics =
    heuristics &&
    guarded(culprit, heuristics, {
      prefix: 'heuristics.',
      later: Object.fromEntries(
        Object.keys(heuristics).map((name) => [
          name,
          (value: unknown) => {
            if (!Array.isArray(value))
              throw misbehaved(culprit, `heuristics.${name}`, 'a list of actions', value);
            return value.map((action) => actionOf(`heuristics.${name}`, action));
          },
        ]),
      ),
    });
  const checked = guarded(culprit, environment, {
    now: {
      effectsOf: (value) => rowsOf('effectsOf', value),
      guess: (value) => {
        if (!Number.isFinite(value)) throw misbehaved(culprit, 'guess', 'a finite number', value);
        return value as number;
      },
      observationsOf: (value) => {
        if (!Array.isArray(value) || value.length !== maxSteps)
          throw misbehaved(culprit, 'observationsOf', `${maxSteps} observations`, value);
        return value.map((each) => observationOf('observationsOf', each));
      },
      policyOf: (value) => {
        requirePolicy(culprit, 'policyOf', task, value);
        return value;
      },
    },
    later: {
      reset: (value) => {
        steps = 0;
        return {
          observation: observationOf('reset', (value as { observation?: unknown } | undefined)?.observation),
        };
      },
      step: checkedStep,
    },
  });
  if (!checkedHeuristics) return checked;
  return new Proxy(checked, {
    get: (target, member) =>
      member === 'heuristics' ? checkedHeuristics : (Reflect.get(target, member) as unknown),
  });
}
