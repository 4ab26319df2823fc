import { TersorError, type Environment, type StepResult } from '@tersor/core';

const STEPS = 3;

/** The simplest right environment: three steps of one number; the reward is the mean of what was done. */
export function correctEnvironment(): Environment {
  let taken: number[] | undefined;
  return {
    observationSpace: { type: 'box', low: [0, 0], high: [1, 1] },
    actionSpace: { type: 'box', low: [0], high: [1] },
    maxSteps: STEPS,
    reset: async () => {
      taken = [];
      return { observation: [0, 0] };
    },
    step: async ([value]) => {
      if (!taken) throw new TersorError('EPISODE_OVER', 'reset comes first.');
      const executed = Math.min(1, Math.max(0, value!));
      taken.push(executed);
      const observation = [taken.length / STEPS, executed];
      if (taken.length < STEPS)
        return {
          observation,
          reward: 0,
          terminated: false,
          truncated: false,
          info: { executed: [executed] },
        };
      const policy = taken;
      taken = undefined;
      const mean = policy.reduce((sum, share) => sum + share, 0) / STEPS;
      return {
        observation,
        reward: mean,
        terminated: true,
        truncated: false,
        info: { executed: [executed], measures: { mean }, policy },
      };
    },
    heuristics: { uniform: async () => Array.from({ length: STEPS }, () => [0.5]) },
    features: Array.from({ length: STEPS }, (_, step) => [step / STEPS]),
    effectsOf: (actions) => actions.map(([share]) => [share! - 0.5]),
    guess: (actions) => actions.reduce((sum, [share]) => sum + share!, 0) / STEPS,
    observationsOf: (actions) => actions.map((_action, step) => [step / STEPS, actions[step - 1]?.[0] ?? 0]),
    policyOf: (actions) => actions.map(([share]) => share),
  };
}

/** Environments that break one promise each, by the name of the case that must catch them. */
export function brokenEnvironments(): Record<string, () => Environment> {
  const broken = (change: (good: Environment) => Partial<Environment>) => () => {
    const good = correctEnvironment();
    return { ...good, ...change(good) };
  };
  const stepping = (change: (result: StepResult) => Partial<StepResult>) =>
    broken((good) => ({
      step: async (action) => {
        const result = await good.step(action);
        return { ...result, ...change(result) };
      },
    }));
  let episodes = 0;
  return {
    'observations lie in the observation space': stepping(() => ({ observation: [0, 2] })),
    'an episode ends within maxSteps': stepping(() => ({ terminated: false })),
    'reports the action that was carried out, within the action space': stepping(({ info }) => ({
      info: { ...info, executed: [7] },
    })),
    'rewards are finite': stepping(() => ({ reward: NaN })),
    'reports measures and policy at the end, and only there': stepping(({ info: { executed } }) => ({
      info: { executed },
    })),
    'the same seed and actions give the same episode': stepping(({ reward }) => ({
      reward: reward + ++episodes,
    })),
    'refuses a step outside of an episode with EPISODE_OVER': broken((good) => ({
      step: (action) =>
        good.step(action).catch(() => ({
          observation: [0, 0],
          reward: 0,
          terminated: true,
          truncated: false,
          info: { executed: action },
        })),
    })),
    'its heuristics are whole episodes of actions within the action space': broken(() => ({
      heuristics: { short: async () => [[0.5]] },
    })),
    'the features of its steps are the start of their observations': broken(() => ({
      features: Array.from({ length: STEPS }, () => [0.5]),
    })),
    'the observations that it predicts for actions are those of their episode': broken(() => ({
      observationsOf: (actions) => actions.map(() => [0, 0]),
    })),
    'the effects that it tells of actions are a row of numbers in [-1, 1] for each step': broken(() => ({
      effectsOf: () => [[0.5]],
    })),
    'the policy that it says actions are carried out as is that of their episode': broken(() => ({
      policyOf: () => [1],
    })),
  };
}
