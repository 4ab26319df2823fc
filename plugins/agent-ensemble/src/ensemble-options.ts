import { z } from 'zod';

const count = z.int().positive();

/** Options of the agent `ensemble`, see docs/agents/ensemble.md. */
export const ensembleOptions = z.strictObject({
  critics: count.default(6).describe('Critics of the ensemble'),
  hidden: z.array(count).min(1).default([32, 32]).describe('Sizes of the hidden layers of a critic'),
  prior: z.number().min(0).default(0.3).describe("Weight of each critic's fixed random prior"),
  mask: z
    .number()
    .positive()
    .max(1)
    .default(0.8)
    .describe('Probability that a critic learns from an episode'),
  updates: count.default(80).describe('Steps of Adam after each episode, on all episodes together'),
  learningRate: z.number().positive().default(0.005).describe('Learning rate of the critics'),
  candidates: count.default(600).describe('Policies among which the critics choose, drawn in three rounds'),
  parents: count.default(6).describe('Best policies that the next candidates lie around'),
  sigma: z
    .number()
    .positive()
    .max(1)
    .default(0.1)
    .describe('Largest deviation of a candidate from its parent, as a share of the range of actions'),
  initial: count
    .default(4)
    .describe(
      'Episodes before the critics choose, where the environment guesses nothing: the middle of the range, then samples around the best',
    ),
  shared: z
    .boolean()
    .default(false)
    .describe(
      'Learns from searches in other networks, too, by what the environment knows of each step (environment "residual")',
    ),
  guesses: z
    .int()
    .min(0)
    .optional()
    .describe(
      'Unmeasured policies whose guesses by the environment show how far these lie apart; 0 leaves guesses out. Default: 200 where the environment guesses',
    ),
});

export type EnsembleOptions = z.output<typeof ensembleOptions>;
