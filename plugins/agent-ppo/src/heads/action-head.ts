import type { Action, Random } from '@tersor/core';

/**
 * A distribution over actions, given by a network's output and by free parameters that no observation
 * changes.
 */
export interface ActionHead {
  /** Outputs of the network. */
  readonly outputs: number;
  /** Free parameters at the start. */
  readonly initial: readonly number[];
  /** A sample, in the distribution's own coordinates. */
  draw(output: ArrayLike<number>, freeParameters: ArrayLike<number>, random: Random): number[];
  /** The likeliest sample. */
  mode(output: ArrayLike<number>): number[];
  toAction(sample: readonly number[]): Action;
  /** The sample that stands for an action; of several (at a border), the nearest to the middle. */
  toSample(action: Action): number[];
  evaluate(
    output: ArrayLike<number>,
    freeParameters: ArrayLike<number>,
    sample: readonly number[],
  ): Evaluation;
}

/**
 * Log-probability of a sample and entropy of its distribution, each with its gradient by the network's output
 * and by the free parameters.
 */
export interface Evaluation {
  readonly logProbability: Differentiated;
  readonly entropy: Differentiated;
}

export interface Differentiated {
  readonly value: number;
  readonly byOutput: readonly number[];
  readonly byFree: readonly number[];
}
