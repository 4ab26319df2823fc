import { MAX_SEED } from '@tersor/core';
import { z } from 'zod';

const variants = z
  .int()
  .positive()
  .describe('How many combinations of the grid are drawn, without repetition.');
const seed = z.int().min(0).max(MAX_SEED).default(0).describe('Seed of the draw.');

/** Metrics that halving may choose by. None uses the test images. */
const chosenBy = z.enum(['validationAccuracy', 'pruneReward', 'quantizeReward']);

/** Which combinations of a study's grid are run, and for how many episodes. */
export const samplerSchema = z.union([
  z.literal('grid').describe('All combinations.'),
  z
    .strictObject({ use: z.literal('random'), variants, seed })
    .describe('Some combinations, drawn at random.'),
  z
    .strictObject({
      use: z.literal('halving'),
      variants: variants.optional(),
      seed,
      episodes: z
        .array(z.string().min(1))
        .min(1)
        .default(['prune.search.episodes'])
        .describe('Config paths that get the number of episodes.'),
      least: z.int().positive().describe('Episodes of the first rung, which all variants run.'),
      most: z.int().positive().describe('Episodes of the last rung.'),
      factor: z
        .int()
        .min(2)
        .default(3)
        .describe('From rung to rung, one in this many variants goes on, with this many times the episodes.'),
      metric: chosenBy
        .default('validationAccuracy')
        .describe('Variants are chosen by the mean of this metric over the seeds; higher is better.'),
    })
    .describe('Successive halving: all variants with few episodes, the best of them with more, and so on.'),
]);

/** A parsed sampler. */
export type Sampler = z.output<typeof samplerSchema>;
/** The settings of successive halving. */
export type Halving = Extract<Sampler, { use: 'halving' }>;
