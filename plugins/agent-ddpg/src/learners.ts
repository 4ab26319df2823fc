import { createRandom, type AgentTask } from '@tersor/core';
import {
  backward,
  copyAdam,
  createAdam,
  forward,
  initializeParameters,
  type AdamState,
  type Network,
  type ReplayBatch,
} from '@tersor/rl';
import type { CriticNetwork } from './critic-network.js';
import type { DdpgOptions } from './ddpg-options.js';

/** A network's parameters, the slowly following target's, and the optimizer's state. */
export interface Learner {
  readonly parameters: Float32Array;
  readonly target: Float32Array;
  readonly adam: AdamState;
}

/** Shapes of actor and critic; both see actions in the unit cube. */
export function networksOf(
  { hidden, normalize, dropout }: DdpgOptions,
  observationSize: number,
  actionSize: number,
): { readonly actor: Network; readonly critic: CriticNetwork } {
  return {
    actor: { sizes: [observationSize, ...hidden, actionSize], hidden: 'relu', output: 'sigmoid' },
    critic: {
      sizes: [observationSize + actionSize, ...hidden, 1],
      hidden: 'relu',
      output: 'linear',
      ...(normalize && { normalize: true }),
      ...(dropout > 0 && { dropout }),
    },
  };
}

/** @param name what its first parameters are drawn by */
export function createLearner(network: Network, { seed }: Pick<AgentTask, 'seed'>, name: string): Learner {
  const parameters = initializeParameters(network, createRandom(seed, `ddpg ${name}`), 0.1);
  return { parameters, target: parameters.slice(), adam: createAdam(parameters.length) };
}

/** The critics that the options ask for. */
export function createCritics(
  network: CriticNetwork,
  task: Pick<AgentTask, 'seed'>,
  { critics, twin }: DdpgOptions,
): Learner[] {
  const names = ['critic', 'second critic', ...Array.from({ length: critics }, (_, i) => `critic ${i + 3}`)];
  return names.slice(0, Math.max(critics, twin ? 2 : 1)).map((name) => createLearner(network, task, name));
}

export function copyLearner({ parameters, target, adam }: Learner): Learner {
  return { parameters: parameters.slice(), target: target.slice(), adam: copyAdam(adam) };
}

/** The gradient of `weight` times the mean squared distance of an actor from the actions of an episode. */
export function imitationGradient(
  network: Network,
  parameters: Float32Array,
  { observations, actions, rewards }: Pick<ReplayBatch, 'observations' | 'actions' | 'rewards'>,
  weight: number,
): Float32Array {
  const layers = forward(network, parameters, observations, rewards.length);
  const scale = (2 * weight) / actions.length;
  const error = layers.at(-1)!.map((action, i) => scale * (action - actions[i]!));
  const gradient = new Float32Array(parameters.length);
  backward(network, parameters, layers, error, rewards.length, gradient);
  return gradient;
}
