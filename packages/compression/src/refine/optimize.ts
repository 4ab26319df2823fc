import { TersorError, type TrainingBatch, type TrainingSession } from '@tersor/core';
import { adamStep, copyAdam, createAdam, type AdamState } from '@tersor/rl';
import { learningRateAt } from '../training/schedule.js';
import type { WeightVariables } from './weight-variables.js';

/** How far an optimization has come, and all that it needs to go on: structured-cloneable. */
export interface OptimizerState {
  readonly stepsDone: number;
  /** Weights and their moments, in the network's order; undefined for an array that stays. */
  readonly values: readonly (Float32Array | undefined)[];
  readonly moments: readonly (AdamState | undefined)[];
}

/** Gradients of a network that is nearly right are small: Adam's usual 1e-8 would shorten their steps. */
const EPSILON = 1e-12;

interface Optimization {
  readonly session: TrainingSession;
  /** The weights of the session's network, in its order. */
  readonly weights: readonly Float32Array[];
  /** What is moved, in the same order; undefined for a weight array that stays as it is. */
  readonly variables: readonly (WeightVariables | undefined)[];
  /** Turns the weights that the variables make into those that are used; gradients pass straight through. */
  project?(weights: readonly Float32Array[]): readonly Float32Array[];
  readonly steps: number;
  /** Peak learning rate; it falls to 0 along half a cosine. */
  readonly learningRate: number;
  /** Name of the option, for the error. */
  readonly place: string;
  readonly resume?: OptimizerState | undefined;
  /** The batch of a step; a function of the step alone. */
  batch(step: number): Promise<TrainingBatch>;
  /** Called after every step; it ends where this throws. */
  onStep?(done: number, loss: number, state: OptimizerState): Promise<void>;
}

/**
 * Moves the variables of a network's weights by Adam, so that the loss of its session falls; gives the
 * weights that they make in the end. Throws `WEIGHTS_NOT_FINITE` where the loss is not finite.
 */
export async function optimize({
  session,
  weights,
  variables,
  project = (made) => made,
  steps,
  learningRate,
  place,
  resume,
  batch,
  onStep,
}: Optimization): Promise<Float32Array[]> {
  variables.forEach((variable, i) => resume && variable?.values.set(resume.values[i]!));
  const moments = variables.map((variable, i) =>
    resume?.moments[i] ? copyAdam(resume.moments[i]) : variable && createAdam(variable.values.length),
  );
  const weightsNow = () => project(weights.map((data, i) => variables[i]?.values ?? data));
  for (let step = resume?.stepsDone ?? 0; step < steps; step++) {
    const progress = step / steps;
    const { loss, updates } = await session.step(weightsNow(), await batch(step));
    if (!Number.isFinite(loss)) {
      throw new TersorError(
        'WEIGHTS_NOT_FINITE',
        `The loss became ${loss} in step ${step + 1} of ${place}.`,
        {
          hint: `Lower ${place}.learningRate (now ${learningRate}).`,
        },
      );
    }
    const rate = learningRateAt('cosine', learningRate, progress);
    variables.forEach((variable, i) => {
      if (!variable) return;
      const gradient = variable.gradients(updates[i]!);
      adamStep(moments[i]!, variable.values, gradient, {
        learningRate: rate * variable.rate,
        epsilon: EPSILON,
      });
    });
    await onStep?.(step + 1, loss, {
      stepsDone: step + 1,
      values: variables.map((variable) => variable?.values),
      moments,
    });
  }
  return weightsNow().map((data) => Float32Array.from(data));
}
