import { definePlugin } from '@tersor/core';
import { z } from 'zod';
import { ChannelPruner, type ChannelPrunerOptions } from './channel-pruner.js';
import type { CriterionName } from './criteria.js';

export { ChannelPruner, type ChannelPrunerOptions } from './channel-pruner.js';
export {
  CRITERIA,
  type Criterion,
  type CriterionContext,
  type CriterionName,
  type ScoreName,
} from './criteria.js';

interface LeftOut {
  readonly criterion?: CriterionName | undefined;
  readonly reconstruct: 'none' | 'least-squares';
  readonly ridge?: ChannelPrunerOptions['ridge'] | undefined;
}

/**
 * The defaults that follow the criterion: with one that is named a run is what it was before the others came.
 */
function withDefaults<Options extends LeftOut>(options: Options) {
  const criterion: CriterionName =
    options.criterion ?? (options.reconstruct === 'none' ? 'l1' : 'reconstruction');
  const ridge: ChannelPrunerOptions['ridge'] =
    options.ridge ?? (criterion === 'reconstruction' ? 'shrinkage' : 1e-3);
  return { ...options, criterion, ridge };
}

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
        .optional()
        .describe(
          'How the importance of a channel is judged; left out: "reconstruction", or "l1" if nothing is refit.',
        ),
      reconstruct: z
        .enum(['none', 'least-squares'])
        .default('least-squares')
        .describe('Whether the layers that lose inputs are refit.'),
      images: z.int().positive().default(500).describe('Training images that statistics are gathered from.'),
      points: z.int().positive().default(10).describe('Positions per image and layer that the refit uses.'),
      maximumInputs: z
        .int()
        .positive()
        .default(1152)
        .describe('Layers with more inputs (kernel positions x channels) are refit channel by channel.'),
      ridge: z
        .union([z.number().positive(), z.enum(['shrinkage', 'held-out'])])
        .optional()
        .describe(
          'Ridge of the refit, as a share of the mean square of the inputs; "shrinkage": from how the moments spread over the images; "held-out": what refits half of the images best by the other half. Left out: "shrinkage" with "reconstruction", 0.001 with any other criterion.',
        ),
      weights: z
        .enum(['equal', 'probed'])
        .default('equal')
        .describe(
          'How the heuristic "reconstruction", and what agents see of the groups, weigh their errors: equally, or by how the outputs change when one group alone is pruned.',
        ),
      probeImages: z
        .int()
        .positive()
        .default(200)
        .describe(
          'Training images, without their labels, for "weights: probed": others than those of "images", and at most a quarter of all.',
        ),
      sequential: z
        .strictObject({
          images: z.int().positive().default(500).describe('Training images that run through both networks.'),
          points: z.int().positive().default(24).describe('Positions per image and layer.'),
          ridge: z
            .number()
            .positive()
            .default(0.1)
            .describe(
              'Pulls towards the weights of the earlier refit, as a share of the mean square of the inputs.',
            ),
        })
        .optional()
        .describe(
          'Refits the winner once more, from the first layer to the last, so that each layer compensates for what those before it have lost. Left out: not done; {} for the defaults.',
        ),
      batchNormImages: z
        .int()
        .nonnegative()
        .default(0)
        .describe(
          'Training images on which batch norms after removed channels get new statistics; 0 keeps the old ones.',
        ),
    })
    .refine(
      ({ criterion, reconstruct }) => criterion !== 'reconstruction' || reconstruct === 'least-squares',
      {
        path: ['criterion'],
        error: 'ranks channels by what a refit leaves of their loss: "reconstruct" must be "least-squares"',
      },
    )
    .transform(withDefaults),
  create: (options) => new ChannelPruner(options),
});
