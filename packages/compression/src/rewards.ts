import { definePlugin, TersorError, type EpisodeMeasures, type Plugin, type Reward } from '@tersor/core';
import { z } from 'zod';

const CORE_RANGE = '>=0.1.0 <1.0.0';
const noOptions = z.strictObject({});

/**
 * `accuracy`: the budget is a hard wall, so accuracy alone tells candidates apart (AMC, resource-constrained
 * search).
 */
export function accuracyReward({ accuracy }: EpisodeMeasures): number {
  return accuracy;
}

/** `accuracy-flops`: `-(1 - accuracy) ln(MACs)` (AMC, equation 4, accuracy-guaranteed search). */
export function accuracyFlopsReward({ accuracy, macs }: EpisodeMeasures): number {
  return -(1 - accuracy) * Math.log(macs);
}

/** `accuracy-size`: `-(1 - accuracy) ln(bytes)`, the same idea for stage 2. */
export function accuracySizeReward({ accuracy, bytes }: EpisodeMeasures): number {
  return -(1 - accuracy) * Math.log(bytes);
}

/**
 * `accuracy-ratio`: `accuracy ln(original MACs / MACs) + accuracy ln(original bytes / bytes)`; without a
 * tight budget it trades both freely.
 */
export function accuracyRatioReward({ accuracy, macs, bytes, baseline }: EpisodeMeasures): number {
  return accuracy * (Math.log(baseline.macs / macs) + Math.log(baseline.bytes / bytes));
}

/**
 * `agreement`: minus the mean divergence of the outputs from the original's. It needs no labels, and is finer
 * than accuracy, which moves by one image at a time.
 */
export function agreementReward({ divergence }: EpisodeMeasures): number {
  if (divergence === undefined)
    throw new TersorError('CONFIG_INVALID', 'The reward "agreement" got no divergence.', {
      hint: 'The environment has to pass on everything that "evaluate" returns; or choose the reward "accuracy".',
    });
  return -divergence;
}

function rewardPlugin(
  id: string,
  description: string,
  evaluate: (measures: EpisodeMeasures) => number,
  needs: Pick<Reward, 'needs'> = {},
): Plugin {
  return definePlugin({
    name: '@tersor/compression',
    kind: 'reward',
    id,
    core: CORE_RANGE,
    description,
    options: noOptions,
    create: () => ({ id, evaluate, ...needs }),
  });
}

/** The rewards that need no package of their own. */
export const rewardPlugins: readonly Plugin[] = [
  rewardPlugin('accuracy', 'accuracy; the budget is a hard limit anyway', accuracyReward),
  rewardPlugin('agreement', "minus the divergence of the outputs from the original's", agreementReward, {
    needs: 'divergence',
  }),
  rewardPlugin('accuracy-flops', '-(1 - accuracy) ln(MACs)', accuracyFlopsReward),
  rewardPlugin('accuracy-size', '-(1 - accuracy) ln(bytes)', accuracySizeReward),
  rewardPlugin('accuracy-ratio', 'accuracy x (ln MACs ratio + ln bytes ratio)', accuracyRatioReward),
];
