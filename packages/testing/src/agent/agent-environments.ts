import {
  TersorError,
  type Action,
  type AgentTask,
  type Environment,
  type OtherEpisode,
  type Space,
} from '@tersor/core';

/** Steps of one episode. */
const CONTRACT_STEPS = 4;

/** Where each step's best action lies, as a share of the range; the observation shows it. */
const TARGETS = [0.2, 0.8, 0.5, 0.9] as const;

export const BOX: Space = { type: 'box', low: [0.1, -1], high: [1, 3] };
export const DISCRETE: Space = { type: 'discrete', size: 5 };

/**
 * The identity environment: each step shows a number, and the nearer the action comes to it (in all
 * coordinates, as a share of their range), the better. The reward comes at the end of the episode, as in a
 * search: `1 - mean squared distance`, 1 being perfect. Every episode shows the same numbers, so that agents
 * that look at no observation can learn it too. It offers the heuristics `uniform` and `magnitude`.
 */
export function createIdentityEnvironment(actionSpace: Space): Environment {
  let distances: number[] = [];
  const observe = () => [distances.length / CONTRACT_STEPS, TARGETS[distances.length] ?? 0];
  const share = (action: Action): number[] =>
    actionSpace.type === 'discrete'
      ? [action[0]! / (actionSpace.size - 1)]
      : actionSpace.low.map((low, i) => (action[i]! - low) / (actionSpace.high[i]! - low));
  const constant = (at: number): Action =>
    actionSpace.type === 'discrete'
      ? [Math.round(at * (actionSpace.size - 1))]
      : actionSpace.low.map((low, i) => low + at * (actionSpace.high[i]! - low));
  return {
    observationSpace: { type: 'box', low: [0, 0], high: [1, 1] },
    actionSpace,
    maxSteps: CONTRACT_STEPS,
    reset: async () => {
      distances = [];
      return { observation: observe() };
    },
    step: async (action) => {
      if (distances.length >= CONTRACT_STEPS) throw new TersorError('EPISODE_OVER', 'The episode is over.');
      const target = TARGETS[distances.length]!;
      const shares = share(action);
      distances = [
        ...distances,
        shares.reduce((sum, value) => sum + (value - target) ** 2, 0) / shares.length,
      ];
      const terminated = distances.length === CONTRACT_STEPS;
      const reward = terminated ? 1 - distances.reduce((sum, value) => sum + value, 0) / CONTRACT_STEPS : 0;
      return { observation: observe(), reward, terminated, truncated: false, info: { executed: action } };
    },
    heuristics: {
      uniform: async () => TARGETS.map(() => constant(0.5)),
      magnitude: async () => TARGETS.map((target) => constant((target + 0.5) / 2)),
    },
  };
}

/** The task that an agent is made for when it is held to the contract. */
export function contractTask(
  actionSpace: Space,
  { seed = 1, episodes = 100 }: { readonly seed?: number; readonly episodes?: number } = {},
): AgentTask {
  const { observationSpace, maxSteps, heuristics } = createIdentityEnvironment(actionSpace);
  const features = featuresOf(maxSteps);
  return { observationSpace, actionSpace, maxSteps, episodes, seed, heuristics: heuristics!, features };
}

/** Searches in a network of one more step, where the better actions are the larger ones. */
export function otherSearches(actionSpace: Space): OtherEpisode[][] {
  const features = featuresOf(CONTRACT_STEPS + 1);
  const at = (share: number): Action =>
    actionSpace.type === 'discrete'
      ? [Math.round(share * (actionSpace.size - 1))]
      : actionSpace.low.map((low, i) => low + share * (actionSpace.high[i]! - low));
  const episodes = Array.from({ length: 12 }, (_, i) => ({
    features,
    actions: features.map((_row, step) => at(((i + step) % 12) / 11)),
    reward: i / 11,
  }));
  return [episodes];
}

/** What is known of steps: where they are. */
function featuresOf(steps: number): number[][] {
  return Array.from({ length: steps }, (_, step) => [step / steps]);
}
