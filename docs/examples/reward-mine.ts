import { definePlugin, type Reward } from '@tersor/core';
import { z } from 'zod';

export interface MineOptions {
  readonly weight: number;
}

/** Accuracy, minus what is left of the MACs as the weight says. */
export function createReward({ weight }: MineOptions): Reward {
  return {
    id: 'mine',
    evaluate: ({ accuracy, macs, baseline }) => accuracy - weight * (macs / baseline.macs),
  };
}

export default definePlugin({
  name: 'tersor-reward-mine',
  kind: 'reward',
  id: 'mine',
  core: '>=0.1.0 <1.0.0',
  description: 'Accuracy minus weighted MACs',
  options: z.strictObject({ weight: z.number().min(0).default(0.1) }),
  create: (options) => createReward(options),
});
