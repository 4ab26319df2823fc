import { z } from 'zod';
import { budget, budgetOf, latencySchema, shareOrCount } from './budget-schema.js';
import { modelFile, selector } from './plugin-schema.js';
import { searchable, stageFields } from './stage-schema.js';
import { trainingFields, type refine } from './training-schema.js';

/** Random numbers come from 32 bits: a larger seed would give the numbers of a smaller one. */
export const MAX_SEED = 2 ** 32 - 1;

const pruneBudget = budgetOf({
  macs: budget('Multiply-adds').optional(),
  parameters: budget('Parameters').optional(),
  latency: latencySchema.optional(),
});

const prune = z
  .strictObject({
    ...stageFields,
    pruner: z.union([selector, z.array(selector).min(1)]).prefault('channel'),
    budget: pruneBudget,
    stages: z
      .array(pruneBudget)
      .min(1)
      .optional()
      .describe(
        'Intermediate budgets: each is a separate round (search and fine-tuning) that continues from the network of the round before; "budget" is the last. Shares are of the original.',
      ),
    minimum: z
      .number()
      .positive()
      .max(1)
      .default(0.1)
      .describe('Smallest share of channels that a group keeps.'),
    multiple: z.int().positive().default(1).describe('Channel counts are rounded to a multiple of this.'),
  })
  .superRefine(searchable);

const activationBits = z.int().min(2).max(8);

const activations = z
  .strictObject({
    bits: z
      .union([
        activationBits.transform((bits): [number, number] => [bits, bits]),
        z.tuple([activationBits, activationBits]),
      ])
      .refine(([smallest, largest]) => smallest <= largest, 'the smallest number of bits comes first')
      .describe(
        "Bit width of the layers' inputs; or [smallest, largest], from which the agent chooses for each layer: that needs budget.bops.",
      ),
    calibrate: z
      .enum(['max', 'percentile', 'mse'])
      .default('mse')
      .describe(
        'How the range of an input is found: from all values, from all but the outermost, or as the range with the least squared rounding error.',
      ),
    percentile: z
      .number()
      .gt(50)
      .max(100)
      .default(99.9)
      .describe('Share of the values, in percent, that calibrate: percentile keeps.'),
    images: z.int().positive().default(256).describe('Training images that the ranges are calibrated on.'),
    sums: z
      .boolean()
      .optional()
      .describe(
        'Also rounds the inputs of Add and Concatenate layers, so that an integer runtime can use integers there.',
      ),
  })
  .describe(
    'Also rounds the inputs of the quantized layers, in evaluation and fine-tuning, as an integer runtime would. Left out: activations stay floats.',
  );

const quantize = z
  .strictObject({
    ...stageFields,
    quantizer: selector.prefault('linear'),
    budget: budgetOf({
      bytes: shareOrCount.describe(
        "Bytes of the packed file: up to 1 a share of the original's files on disk (model.json and its weight files, as they are stored), above 1 an absolute count.",
      ),
      bops: budget(
        'Bit operations (multiply-adds x weight bits x activation bits, 32 for floats)',
      ).optional(),
    }),
    bits: z
      .tuple([z.int().min(1).max(8), z.int().min(1).max(8)])
      .default([2, 8])
      .describe('Smallest and largest bit width.'),
    activations: activations.optional(),
    actions: z
      .enum(['continuous', 'discrete'])
      .default('continuous')
      .describe('Whether the agent gives a number (rounded to bits) or picks a bit width.'),
  })
  .superRefine(searchable)
  // Bytes are those of the weights: nothing else would keep an agent from always taking the most activation
  // bits.
  .refine(
    ({ activations, budget }) =>
      !activations || activations.bits[0] === activations.bits[1] || budget.bops !== undefined,
    {
      path: ['activations', 'bits'],
      message:
        'a range of activation bits needs quantize.budget.bops, since activations cost no bytes; set it, or give a single number of bits',
    },
  );

/** The backend where nothing names one: it comes with the command line, and runs on every machine. */
export const DEFAULT_BACKEND = 'wasm';

const backend = z
  .union([selector, z.strictObject({ train: selector, evaluate: selector })])
  .prefault(DEFAULT_BACKEND);

/** The config of `tersor compress`. */
export const compressConfigSchema = z.strictObject({
  $schema: z.string().optional(),
  model: modelFile('Path of a model: a model.json, a .tersor file, or what an installed format reads'),
  dataset: selector,
  backend,
  seed: z.int().min(0).max(MAX_SEED).default(1),
  prune: prune.optional(),
  quantize: quantize.optional(),
  describe: z
    .boolean()
    .optional()
    .describe(
      "Whether the files contain the data set's class names and preprocessing, which pages that load them need. A few hundred bytes.",
    ),
  checkpointSeconds: z
    .number()
    .min(0)
    .default(30)
    .describe('Least number of seconds between checkpoints; 0 writes one after every episode and epoch.'),
  output: z
    .string()
    .min(1)
    .default('out')
    .describe('Folder that the results are written to, relative to the working directory.'),
});

/** The config of `tersor train`. */
export const trainConfigSchema = z
  .strictObject({
    $schema: z.string().optional(),
    architecture: modelFile(
      'Path of a module that default-exports (tfjs layers) => LayersModel, or of a model to go on from',
    ),
    dataset: selector,
    backend,
    seed: z.int().min(0).max(MAX_SEED).default(1),
    teacher: modelFile('Path of a model whose soft labels train.distill mixes in').optional(),
    train: z.strictObject(trainingFields),
    output: z
      .string()
      .min(1)
      .describe('Folder that the model is written to, relative to the working directory.'),
  })
  .refine(({ teacher, train }) => (teacher !== undefined) === train.distill > 0, {
    path: ['teacher'],
    message: '"teacher" and "train.distill" (above 0) need each other: set both, or neither',
  });

export type CompressConfig = z.output<typeof compressConfigSchema>;
export type TrainConfig = z.output<typeof trainConfigSchema>;
export type PruneConfig = NonNullable<CompressConfig['prune']>;
export type RefineConfig = z.output<typeof refine>;
export type QuantizeConfig = NonNullable<CompressConfig['quantize']>;
export type Selector = z.output<typeof selector>;

/** A model on disk: its path, or its format and path. */
export type ModelSource = z.output<ReturnType<typeof modelFile>>;

/** JSON schema of a config, for editors (`$schema` in the YAML language server). */
export function configJsonSchema(schema: z.ZodType): unknown {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
}
