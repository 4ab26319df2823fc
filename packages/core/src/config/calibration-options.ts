import { z } from 'zod';

/**
 * The option `calibrate` of a quantizer that can use `Calibration`: left out, weights are rounded without a
 * look at their inputs.
 */
export const calibrationOptions = z
  .strictObject({
    images: z
      .int()
      .positive()
      .default(300)
      .describe('Training images whose activations are used; their labels are not.'),
    points: z.int().positive().default(24).describe('Output positions of each image and layer.'),
    maximumInputs: z
      .int()
      .positive()
      .default(512)
      .describe(
        'Layers with more inputs (kernel positions x channels) are calibrated one kernel position at a time.',
      ),
    weights: z
      .enum(['equal', 'probed'])
      .default('probed')
      .describe(
        'How errors of layers are weighed: equally, or by the effect of each on the outputs of the network.',
      ),
    probeImages: z
      .int()
      .positive()
      .default(50)
      .describe('Training images, without their labels, for `weights: probed`.'),
  })
  .optional()
  .describe(
    'Chooses codes by their effect on the outputs of the layer on training images, and corrects biases. Left out: each weight is rounded separately.',
  );
