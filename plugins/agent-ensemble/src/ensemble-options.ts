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
  candidates: count.default(600).describe('Policies among which the critics choose'),
  parents: count.default(6).describe('Best policies so far, which the candidates lie around'),
  sigma: z
    .number()
    .positive()
    .max(1)
    .default(0.1)
    .describe('Largest deviation of a candidate from its parent, as a share of the range of actions'),
  initial: count
    .default(4)
    .describe('Episodes before the critics choose: the middle of the range, then samples around the best'),
  shared: z
    .boolean()
    .default(false)
    .describe(
      'Critics with the same parameters for all steps, which see what the environment knows of each (environment "residual")',
    ),
  guesses: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Policies that the critics learn from before the first episode by what the environment makes of them unmeasured; needs "shared"',
    ),
});

export type EnsembleOptions = z.output<typeof ensembleOptions>;
