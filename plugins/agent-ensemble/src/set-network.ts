import type { Random } from '@tersor/core';
import { backward, forward, initializeParameters, parameterCount, type Network } from '@tersor/rl';

/**
 * A function of policies, which are sets of rows, one a step:
 * `whole(sum over steps of each(row) / sqrt(steps))` (Zaheer et al. 2017, *Deep sets*, theorem 2). The
 * parameters do not depend on the number of steps.
 */
export interface SetNetwork {
  readonly each: Network;
  readonly whole: Network;
}

/** Policies: their rows one after the other, and how many rows each has. */
export interface Policies {
  readonly input: Float32Array;
  readonly lengths: readonly number[];
}

/** What a pass computed, and how a gradient goes back through it. */
export interface SetPass {
  /** A value a policy. */
  readonly values: Float32Array;
  /** Writes the gradient by the parameters, of one by the values, which is overwritten. */
  back(outputGradient: Float32Array, parameterGradient: Float32Array): void;
}

/** Policies one after the other. */
export function joined(policies: readonly Float32Array[], lengths: readonly number[]): Policies {
  const input = new Float32Array(policies.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const rows of policies) {
    input.set(rows, at);
    at += rows.length;
  }
  return { input, lengths };
}

export function setParameterCount({ each, whole }: SetNetwork): number {
  return parameterCount(each) + parameterCount(whole);
}

/** Draws parameters, those of `each` first; the last layer's are multiplied by `outputScale`. */
export function initializeSet({ each, whole }: SetNetwork, random: Random, outputScale = 1): Float32Array {
  const first = initializeParameters(each, random);
  const second = initializeParameters(whole, random, outputScale);
  const parameters = new Float32Array(first.length + second.length);
  parameters.set(first);
  parameters.set(second, first.length);
  return parameters;
}

/** Runs policies through the network. */
export function setPass(
  { each, whole }: SetNetwork,
  parameters: Float32Array,
  { input, lengths }: Policies,
): SetPass {
  const count = lengths.length;
  const split = parameterCount(each);
  const [own, rest] = [parameters.subarray(0, split), parameters.subarray(split)];
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  const outputs = each.sizes.at(-1)!;
  const steps = forward(each, own, input, rows);
  const pooled = new Float32Array(count * outputs);
  const places = placesOf(lengths);
  places.forEach(({ policy, scale }, row) => {
    for (let i = 0; i < outputs; i++)
      pooled[policy * outputs + i] =
        pooled[policy * outputs + i]! + scale * steps.at(-1)![row * outputs + i]!;
  });
  const values = forward(whole, rest, pooled, count);
  return {
    values: values.at(-1)!,
    back: (outputGradient, gradient) => {
      const byPooled = backward(whole, rest, values, outputGradient, count, gradient.subarray(split));
      const bySteps = new Float32Array(rows * outputs);
      places.forEach(({ policy, scale }, row) => {
        for (let i = 0; i < outputs; i++)
          bySteps[row * outputs + i] = scale * byPooled[policy * outputs + i]!;
      });
      backward(each, own, steps, bySteps, rows, gradient.subarray(0, split));
    },
  };
}

/** Of each row, the policy that it belongs to, and what it counts in its sum. */
function placesOf(lengths: readonly number[]): { readonly policy: number; readonly scale: number }[] {
  return lengths.flatMap((length, policy) => {
    const place = { policy, scale: 1 / Math.sqrt(length) };
    return Array.from({ length }, () => place);
  });
}
