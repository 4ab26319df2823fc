import type { ActionHead } from './heads/action-head.js';

/** One collected step, as the training sees it. */
export interface CollectedStep {
  /** As the networks saw it. */
  readonly observation: readonly number[];
  /** The action in the coordinates of the distribution. */
  readonly sample: readonly number[];
  /** Under the policy that collected it. */
  readonly logProbability: number;
  /** Under the policy that the training begins with, where that is another one. */
  readonly anchor?: number;
  readonly value: number;
  readonly advantage: number;
  /** What the value should have been: advantage plus value. */
  readonly returns: number;
}

export interface PolicyLoss {
  readonly loss: number;
  readonly entropy: number;
  /** Estimate of KL(old || new): mean of `(r - 1) - log r`. */
  readonly divergence: number;
  /** Share of the steps whose gradient was cut. */
  readonly clipped: number;
  /** By the network's outputs, [batch, outputs]. */
  readonly outputGradient: Float32Array;
  /** By the free parameters. */
  readonly freeGradient: Float32Array;
}

/**
 * The clipped surrogate with entropy bonus (Schulman et al. 2017, equations 7 and 9), as a loss to be
 * lowered: `-mean(min(r A, clip(r, m - c, m + c) A)) - w H`, r being the ratio of the new probability to the
 * one under which the step was collected, and m that ratio as the training begins: 1, unless the step is of
 * an earlier policy.
 */
export function policyLoss(
  head: ActionHead,
  outputs: Float32Array,
  freeParameters: Float32Array,
  steps: readonly CollectedStep[],
  advantages: readonly number[],
  { clip, entropy: weight }: { readonly clip: number; readonly entropy: number },
): PolicyLoss {
  const batch = steps.length;
  const outputGradient = new Float32Array(batch * head.outputs);
  const freeGradient = new Float32Array(freeParameters.length);
  let [loss, entropySum, divergence, clipped] = [0, 0, 0, 0];
  steps.forEach(({ sample, logProbability: before, anchor = before }, row) => {
    const { logProbability, entropy } = head.evaluate(
      outputs.subarray(row * head.outputs, (row + 1) * head.outputs),
      freeParameters,
      sample,
    );
    const advantage = advantages[row]!;
    const difference = logProbability.value - anchor;
    const middle = Math.exp(anchor - before);
    const moved = Math.exp(difference);
    const ratio = middle * moved;
    const limited = Math.min(middle + clip, Math.max(middle - clip, ratio));
    const isCut = limited * advantage < ratio * advantage;
    loss -= (isCut ? limited : ratio) * advantage + weight * entropy.value;
    entropySum += entropy.value;
    divergence += moved - 1 - difference;
    clipped += Number(isCut);
    const slope = isCut ? 0 : ratio * advantage;
    logProbability.byOutput.forEach(
      (by, i) =>
        (outputGradient[row * head.outputs + i] = -(slope * by + weight * entropy.byOutput[i]!) / batch),
    );
    logProbability.byFree.forEach(
      (by, i) => (freeGradient[i] = freeGradient[i]! - (slope * by + weight * entropy.byFree[i]!) / batch),
    );
  });
  return {
    loss: loss / batch,
    entropy: entropySum / batch,
    divergence: divergence / batch,
    clipped: clipped / batch,
    outputGradient,
    freeGradient,
  };
}

/**
 * Half the mean squared error of the values; with `clip` > 0 the larger one of it and that of values moved at
 * most so far from the old ones. The gradient is by the values, [batch].
 */
export function valueLoss(
  values: Float32Array,
  steps: readonly CollectedStep[],
  clip: number,
): { readonly loss: number; readonly gradient: Float32Array } {
  let loss = 0;
  const gradient = Float32Array.from(steps, ({ value: before, returns }, row) => {
    const value = values[row]!;
    const limited = clip > 0 ? before + Math.min(clip, Math.max(-clip, value - before)) : value;
    const [error, limitedError] = [value - returns, limited - returns];
    loss += Math.max(error ** 2, limitedError ** 2) / 2;
    return Math.abs(error) >= Math.abs(limitedError) ? error / steps.length : 0;
  });
  return { loss: loss / steps.length, gradient };
}
