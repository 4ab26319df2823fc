import { MAX_SEED, selectorSchema } from '@tersor/core';
import { z } from 'zod';
import { samplerSchema } from './sampler-schema.js';

const settings = z
  .record(z.string().min(1), z.unknown())
  .describe('Config paths and their values, for instance { prune.agent.use: ppo }.');

const axis = z
  .union([z.array(z.unknown()).min(1), z.record(z.string().min(1), settings)])
  .describe(
    'A list of values for the config path that is the key; or, under any other key, labels, each with its settings.',
  );

/** A study for `tersor study`: a base config, and what to vary. */
export const studySchema = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().min(1).describe('Title of the report.'),
  description: z.string().optional().describe('What the study asks; shown in the report.'),
  config: z
    .string()
    .min(1)
    .describe('Path of the config of `tersor compress` that every trial starts from, relative to the study.'),
  set: settings.prefault({}).describe('Settings of all trials.'),
  grid: z
    .record(z.string().min(1), axis)
    .refine((grid) => Object.keys(grid).length > 0, 'needs at least one key')
    .describe('What is varied: every combination is a variant.'),
  sampler: samplerSchema
    .default('grid')
    .describe('Which combinations are run, and how far: "grid" (all), "random" or "halving".'),
  seeds: z
    .array(z.int().min(0).max(MAX_SEED))
    .min(1)
    .refine((seeds) => new Set(seeds).size === seeds.length, 'names a seed twice')
    .default([1, 2, 3])
    .describe('Every variant is run with each of these.'),
  baseline: z
    .union([z.string(), z.record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]))])
    .optional()
    .describe(
      'What the other variants are compared with, seed by seed: the name of a variant, or labels such as { agent: random }, which choose one baseline for each combination of the other factors.',
    ),
  facet: z
    .string()
    .optional()
    .describe('Key of the grid: the report has separate tables and charts for each of its values.'),
  keep: z
    .enum(['all', 'summaries'])
    .default('all')
    .describe(
      'With "summaries", the networks of a trial are deleted when it is done; figures, policy and episodes are kept.',
    ),
  timeoutSeconds: z
    .number()
    .positive()
    .optional()
    .describe('A trial that takes longer is stopped and counts as failed; --resume continues it.'),
  retries: z.int().min(0).default(0).describe('How often a trial that crashes is run again.'),
  runner: selectorSchema
    .default('child-process')
    .describe(
      'What runs the trials: the name of a plugin, or { use: name, ...options }. "child-process" starts processes on this machine.',
    ),
  limit: z.int().positive().default(50).describe('A study with more trials needs --yes.'),
  output: z.string().min(1).describe('Folder of the study, relative to the working directory.'),
});

/** A parsed study, with defaults filled in. */
export type Study = z.output<typeof studySchema>;
