import { z } from 'zod';

const positive = z.number().positive();
const share = z.number().min(0).max(1);

/** Options of the agent `ddpg`. The defaults are AMC's, see docs/agents/ddpg.md. */
export const ddpgOptions = z.strictObject({
  hidden: z
    .array(z.int().positive())
    .min(1)
    .default([300, 300])
    .describe('Sizes of the hidden layers of actor and critic'),
  actorRate: positive.default(1e-4).describe('Learning rate of the actor'),
  criticRate: positive.default(1e-3).describe('Learning rate of the critic'),
  tau: share.default(0.01).describe('How far target networks move to the learned ones at each update'),
  gamma: share.default(1).describe('Discount'),
  batch: z.int().positive().default(64).describe('Steps of one update'),
  memory: z.int().positive().default(100).describe('Episodes in the replay buffer'),
  keepBest: share.default(0).describe('Share of the replay buffer that is reserved for the best episodes'),
  warmup: z
    .int()
    .min(0)
    .optional()
    .describe('Episodes of random actions at the start; a quarter of all when not given'),
  updates: positive.default(1).describe('Updates per step of an episode'),
  rewards: z
    .enum(['episode', 'step'])
    .default('episode')
    .describe("Each step is credited with its episode's sum of rewards, or with its own"),
  baseline: share
    .default(0.5)
    .describe('Rate of the moving average that is taken off the rewards; 0 takes nothing off'),
  noise: z
    .enum(['truncated-normal', 'gaussian', 'ornstein-uhlenbeck', 'parameter'])
    .default('truncated-normal')
    .describe('Exploration'),
  sigma: positive
    .default(0.5)
    .describe('Deviation of the noise after the warm-up, as a share of the range of actions'),
  sigmaDecay: share
    .optional()
    .describe(
      'Factor on sigma after each episode; not given: 0.95, or less if a tenth of sigma would not be reached by the end',
    ),
  twin: z.boolean().default(false).describe('Two critics, the lower one counts (TD3)'),
  critics: z
    .int()
    .positive()
    .default(1)
    .describe(
      'Critics; of several, the lower of two that are drawn for each update counts, and the actor follows the mean of all (REDQ)',
    ),
  normalize: z.boolean().default(false).describe('Layer normalization in the critics (DroQ)'),
  dropout: z
    .number()
    .min(0)
    .max(0.9)
    .default(0)
    .describe("Probability that one of the critics' hidden units is dropped (DroQ: 0.01)"),
  imitate: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'Weight of a second aim of the actor: the actions of the best episode so far, a heuristic where one is best',
    ),
  guesses: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Policies that actor and critic learn from before the first episode by what the environment makes of them unmeasured (environment "residual")',
    ),
  actorDelay: z.int().positive().default(1).describe('Critic updates per actor update (TD3: 2)'),
  targetNoise: z
    .number()
    .min(0)
    .default(0)
    .describe('Deviation of the noise on target actions, cut at 2.5 deviations (TD3: 0.1 of the range)'),
});

export type DdpgOptions = z.output<typeof ddpgOptions>;
