import { adamStep, backward, clipByNorm, forward, parameterCount, type Network } from '@tersor/rl';
import type { ActionHead } from './heads/action-head.js';
import { policyLoss, valueLoss, type CollectedStep } from './ppo-loss.js';
import type { PpoOptions } from './ppo-options.js';
import type { Learner } from './ppo-state.js';

/** Both networks, and what an update of them needs. */
export interface Learners {
  readonly options: PpoOptions;
  readonly head: ActionHead;
  readonly actorNetwork: Network;
  readonly criticNetwork: Network;
  readonly actor: Learner;
  readonly critic: Learner;
}

/** What an update says of its minibatch, each a mean over the steps. */
export interface UpdateLosses {
  readonly policyLoss: number;
  readonly valueLoss: number;
  readonly entropy: number;
  readonly divergence: number;
  readonly clipped: number;
}

/** One step of both networks on a minibatch. */
export function updateNetworks(
  { options, head, actorNetwork, criticNetwork, actor, critic }: Learners,
  steps: readonly CollectedStep[],
  learningRate: number,
): UpdateLosses {
  const input = Float32Array.from(steps.flatMap(({ observation }) => observation));

  const actorValues = forward(actorNetwork, actor.parameters, input, steps.length);
  const policy = policyLoss(
    head,
    actorValues.at(-1)!,
    actor.parameters.subarray(parameterCount(actorNetwork)),
    steps,
    normalize(steps.map(({ advantage }) => advantage)),
    options,
  );
  const actorGradient = new Float32Array(actor.parameters.length);
  backward(actorNetwork, actor.parameters, actorValues, policy.outputGradient, steps.length, actorGradient);
  actorGradient.set(policy.freeGradient, parameterCount(actorNetwork));

  const criticValues = forward(criticNetwork, critic.parameters, input, steps.length);
  const value = valueLoss(criticValues.at(-1)!, steps, options.clipValue);
  const criticGradient = new Float32Array(critic.parameters.length);
  backward(criticNetwork, critic.parameters, criticValues, value.gradient, steps.length, criticGradient);

  for (const [{ parameters, adam }, gradient] of [
    [actor, actorGradient],
    [critic, criticGradient],
  ] as const) {
    clipByNorm(gradient, options.maxGradient);
    adamStep(adam, parameters, gradient, { learningRate, epsilon: 1e-5 });
  }
  return {
    policyLoss: policy.loss,
    valueLoss: value.loss,
    entropy: policy.entropy,
    divergence: policy.divergence,
    clipped: policy.clipped,
  };
}

/**
 * To mean 0 and deviation 1; only the mean is taken off where all are alike, and nothing where there is only
 * one.
 */
function normalize(values: readonly number[]): number[] {
  if (values.length < 2) return [...values];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return values.map((value) => (value - mean) / (deviation + 1e-8));
}

/** Share of the returns' variance that the old values explain: 1 is perfect, 0 no better than their mean. */
export function explainedVariance(steps: readonly CollectedStep[]): number {
  const spread = (values: readonly number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  };
  const total = spread(steps.map(({ returns }) => returns));
  return total > 0 ? 1 - spread(steps.map(({ returns, value }) => returns - value)) / total : 0;
}
