import { TersorError, type Action, type Space } from '@tersor/core';
import type { Random } from '@tersor/rl';
import { createCategoricalHead } from './categorical-head.js';
import { createGaussianHead } from './gaussian-head.js';

/** A distribution over actions, given by a network's output and by free parameters that no observation changes. */
export interface ActionHead {
  /** Width of the network's output. */
  readonly outputs: number;
  /** Free parameters at the start. */
  readonly initial: readonly number[];
  /** A sample, in the distribution's own coordinates. */
  draw(output: ArrayLike<number>, free: ArrayLike<number>, random: Random): number[];
  /** The likeliest sample. */
  mode(output: ArrayLike<number>): number[];
  toAction(sample: readonly number[]): Action;
  /** The sample that stands for an action; of several (at a border), the nearest to the middle. */
  toSample(action: Action): number[];
  evaluate(output: ArrayLike<number>, free: ArrayLike<number>, sample: readonly number[]): Evaluation;
}

/** Log-probability of a sample and entropy of its distribution, each with its gradient by the network's output and by the free parameters. */
export interface Evaluation {
  readonly logProbability: Differentiated;
  readonly entropy: Differentiated;
}

export interface Differentiated {
  readonly value: number;
  readonly byOutput: readonly number[];
  readonly byFree: readonly number[];
}

/** A Gaussian for a bounded box, a categorical distribution for a discrete space. Throws `SPACE_UNSUPPORTED` for any other. */
export function createActionHead(space: Space, { sigma, squash }: { readonly sigma: number; readonly squash: boolean }): ActionHead {
  if (space.type === 'discrete' && space.size > 0) return createCategoricalHead(space.size);
  if (space.type === 'box' && space.low.length > 0 && [...space.low, ...space.high].every(Number.isFinite)) return createGaussianHead(space, sigma, squash);
  throw new TersorError('SPACE_UNSUPPORTED', `The agent "ppo" needs a bounded box or a discrete space of actions, but the space is ${space.type === 'box' ? 'an unbounded or empty box' : 'empty'}.`, {
    hint: 'Give every coordinate of the action space a finite range.',
  });
}
