import { definePlugin } from '@tersor/core';
import { z } from 'zod';
import { VariationalPruner } from './variational-pruner.js';

export { gaussianKl, logNormalKl } from './kl-divergence.js';
export { trainNoise, type LayerInformation, type NoiseTrainingOptions } from './train-noise.js';
export { VariationalPruner, type VariationalPrunerOptions } from './variational-pruner.js';

export default definePlugin({
  name: '@tersor/pruner-variational',
  kind: 'pruner',
  id: 'variational',
  core: '>=0.1.0 <1.0.0',
  description: 'Zeroes the kernel slices that carry the least information, by information dropout',
  options: z.strictObject({
    noise: z
      .enum(['slices', 'elements', 'activations'])
      .default('slices')
      .describe('Where the noise is: per 2-D kernel slice, per weight, or on what layers read.'),
    images: z.int().positive().default(1000).describe('Training images that the noise is trained on.'),
    epochs: z.int().positive().default(6).describe('Passes over them.'),
    batchSize: z.int().positive().default(50).describe('Images per step.'),
    noiseLearningRate: z.number().positive().default(0.1).describe("Adam's learning rate of the noise."),
    weightLearningRate: z
      .number()
      .min(0)
      .default(1e-4)
      .describe("Adam's learning rate of the kernels; 0 leaves them as given."),
    klWeight: z.number().positive().default(1).describe('Weight of the KL term.'),
    warmUp: z
      .number()
      .min(0)
      .max(1)
      .default(0.3)
      .describe('Share of the steps in which the KL weight rises from 0.'),
    correctMeans: z
      .boolean()
      .default(true)
      .describe('Whether biases or batch norms compensate for the mean of what zeroed slices added.'),
    ranking: z
      .enum(['information', 'norm', 'reconstruction'])
      .default('information')
      .describe(
        'How slices are ranked: by information dropout, which is trained; by their norms; or by the effect of their removal on the outputs of their layer. The last two train nothing.',
      ),
    reconstruct: z
      .enum(['none', 'least-squares'])
      .default('least-squares')
      .describe('Whether layers that lose slices are refit.'),
    refitImages: z.int().positive().default(500).describe('Training images that the refit uses.'),
    points: z.int().positive().default(10).describe('Positions per image and layer that it uses.'),
    maximumInputs: z
      .int()
      .positive()
      .default(1152)
      .describe('Layers with more inputs (kernel positions x channels) are refit position by position.'),
    ridge: z
      .number()
      .positive()
      .default(1e-3)
      .describe('Ridge of the refit, as a share of the mean square of the inputs.'),
    steps: z.int().positive().default(30).describe('Steps of conjugate gradients of a refit.'),
    heuristicShare: z
      .number()
      .positive()
      .max(1)
      .default(0.8)
      .describe(
        'Share of the slices that heuristics keep when they spread channels; the rest is removed as slices.',
      ),
  }),
  create: (options) => new VariationalPruner(options),
});
