import { z } from 'zod';

const augmentation = z.strictObject({
  flip: z.boolean().default(true).describe('Mirror half of the images left to right.'),
  shift: z.int().min(0).default(4).describe('Shift by up to this many pixels.'),
  cutout: z
    .int()
    .min(0)
    .optional()
    .describe(
      'Side, in pixels, of a square at a random place that is blanked (cutout). For networks that overfit their training images.',
    ),
});

/** Settings of every training with labels. */
export const trainingFields = {
  epochs: z.int().min(0).describe('Passes over the training images; 0 skips it.'),
  learningRate: z.number().positive().describe('Peak learning rate.'),
  schedule: z
    .enum(['cosine', 'one-cycle', 'constant'])
    .default('cosine')
    .describe('How the learning rate changes.'),
  batchSize: z.int().positive().default(64).describe('Images per step.'),
  momentum: z.number().min(0).max(1).default(0.9).describe('Nesterov momentum.'),
  weightDecay: z.number().min(0).default(1e-4).describe('L2 penalty on kernels.'),
  scalePenalty: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'L1 penalty on the scales of batch norm: channels that matter little fade out, so that pruning costs less (network slimming).',
    ),
  labelSmoothing: z.number().min(0).max(1).default(0).describe('Share of the label spread over all classes.'),
  distill: z.number().min(0).max(1).default(0).describe("Weight of the original network's soft labels."),
  temperature: z.number().positive().default(4).describe('Softmax temperature of distillation.'),
  statisticsMomentum: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("Momentum of batch norm's moving statistics; each layer's own when absent."),
  freezeStatistics: z
    .boolean()
    .default(false)
    .describe(
      'Batch norm keeps its moving statistics and uses them instead of those of the batch; steadier on few images.',
    ),
  augmentation: augmentation.prefault({}),
};

/** A training of the winner with labels, after its stage. */
export const finetune = z.strictObject({
  ...trainingFields,
  epochs: trainingFields.epochs.default(3),
  learningRate: trainingFields.learningRate.default(0.01),
  // A fine-tune is short and its steps are small: an average over many batches is the better estimate.
  statisticsMomentum: z
    .number()
    .min(0)
    .max(1)
    .default(0.98)
    .describe("Momentum of batch norm's moving statistics."),
});

/** Gradient steps of the winner without labels, before its fine-tune. */
export const refine = z
  .strictObject({
    steps: z.int().positive().default(200).describe('Gradient steps.'),
    images: z
      .int()
      .positive()
      .default(1000)
      .describe('Training images, without their labels; all of them if there are fewer.'),
    batchSize: z.int().positive().default(32).describe('Images per step.'),
    learningRate: z
      .number()
      .positive()
      .default(0.01)
      .describe('Peak learning rate, as a share of the size of what a step moves.'),
    augmentation: augmentation.prefault({}),
  })
  .describe(
    "Brings the winner's outputs closer to those of the original on training images, without labels, before fine-tuning. Left out: not done.",
  );
