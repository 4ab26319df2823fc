import { z } from 'zod';

const positive = z.number().positive();
const share = z.number().min(0).max(1);

/** Options of the agent `ppo`, see docs/agents/ppo.md. */
export const ppoOptions = z.strictObject({
  hidden: z
    .array(z.int().positive())
    .min(1)
    .default([64, 64])
    .describe('Sizes of the hidden layers of actor and critic (tanh)'),
  learningRate: positive.default(3e-4).describe('Learning rate of both networks'),
  anneal: z.boolean().default(false).describe('Lowers the learning rate linearly to 0 over the search'),
  gamma: share.default(1).describe('Discount'),
  lambda: share.default(0.95).describe('Weight of long estimates in the advantages (GAE)'),
  clip: positive
    .default(0.2)
    .describe('How far a probability may move from its old value before its gradient is cut'),
  clipValue: z.number().min(0).default(0).describe('The same for value estimates; 0 leaves them free'),
  rollout: z
    .int()
    .positive()
    .optional()
    .describe(
      'Episodes between two trainings; when not given, as many as give 64 steps or a twentieth of the search, whichever is less',
    ),
  policies: z
    .int()
    .positive()
    .default(1)
    .describe('So many of the last policies whose rollouts a training learns from, the present one included'),
  epochs: z.int().positive().default(10).describe('Passes over the collected steps'),
  batch: z.int().positive().default(64).describe('Steps of a minibatch'),
  entropy: z.number().min(0).default(0).describe('Weight of the entropy bonus'),
  targetDivergence: positive
    .optional()
    .describe('Ends a training early when the KL divergence from the old policy exceeds 1.5 times this'),
  maxGradient: positive.default(0.5).describe('Gradients are scaled down to this length'),
  sigma: positive.default(0.5).describe('Deviation of a new policy, in units of half the range of actions'),
  squash: z
    .boolean()
    .default(false)
    .describe('Maps the Gaussian into the range by tanh; otherwise it is clipped'),
  normalizeObservations: z
    .boolean()
    .default(true)
    .describe('Standardizes observations by their running mean and deviation'),
  normalizeRewards: z
    .boolean()
    .default(true)
    .describe('Divides rewards by the running deviation of the returns'),
});

export type PpoOptions = z.output<typeof ppoOptions>;
