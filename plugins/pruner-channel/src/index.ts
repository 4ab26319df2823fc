import { definePlugin } from '@tersor/core';
import { z } from 'zod';
import { ChannelPruner } from './channel-pruner.js';

export { ChannelPruner, type ChannelPrunerOptions } from './channel-pruner.js';
export {
  CRITERIA,
  type Criterion,
  type CriterionContext,
  type CriterionName,
  type ScoreName,
} from './criteria.js';

export default definePlugin({
  name: '@tersor/pruner-channel',
  kind: 'pruner',
  id: 'channel',
  core: '>=0.1.0 <1.0.0',
  description: 'Removes channels physically; refits the layers after them by least squares',
  options: z
    .strictObject({
      criterion: z
        .enum(['l1', 'l2', 'batch-norm', 'fpgm', 'taylor', 'random', 'reconstruction'])
        .default('l1')
        .describe('How the importance of a channel is judged.'),
      reconstruct: z
        .enum(['none', 'least-squares'])
        .default('least-squares')
        .describe('Whether the layers that lose inputs are refit.'),
      images: z.int().positive().default(500).describe('Training images that statistics are gathered from.'),
      points: z
        .int()
        .positive()
        .default(10)
        .describe('Positions per image and layer that the refit looks at.'),
      maximumInputs: z
        .int()
        .positive()
        .default(1152)
        .describe('Layers with more inputs (kernel positions x channels) are refit channel by channel.'),
      ridge: z
        .number()
        .positive()
        .default(1e-3)
        .describe('Ridge of the refit, as a share of the mean square of the inputs.'),
      batchNormImages: z
        .int()
        .nonnegative()
        .default(0)
        .describe(
          'Training images that batch norms after removed channels get their statistics from anew; 0 leaves them.',
        ),
    })
    .refine(
      ({ criterion, reconstruct }) => criterion !== 'reconstruction' || reconstruct === 'least-squares',
      {
        path: ['criterion'],
        error: 'ranks channels by what a refit leaves of their loss: "reconstruct" must be "least-squares"',
      },
    ),
  create: (options) => new ChannelPruner(options),
});
