import { z } from 'zod';
import { OF_SEARCH } from './moved-settings.js';
import { finetune, refine, trainingFields } from './training-schema.js';

/** Random numbers come from 32 bits: a larger seed would give the numbers of a smaller one. */
export const MAX_SEED = 2 ** 32 - 1;

/** A plugin by name, or by name with its options beside it. */
export const selector = z
  .union([
    z.string().min(1),
    z.looseObject({ use: z.string().min(1).describe('Id, package or path of the plugin.') }),
  ])
  .describe('A plugin: its name, or { use: name, ...its options }.');

/** A model by its path, or by its format and path, with the format's options beside them. */
const modelFile = (what: string) =>
  z
    .union([
      z.string(),
      z.looseObject({
        use: z.string().min(1).describe('Id, package or path of the format.'),
        path: z.string().min(1).describe('Path of the model, relative to the config.'),
      }),
    ])
    .describe(`${what}, relative to the config; or { use: format, path, ...its options }.`);

const agent = z
  .union([
    z
      .string()
      .min(1)
      .transform((use): { use: string; [option: string]: unknown } => ({ use })),
    z.looseObject({ use: z.string().min(1).describe('Id, package or path of the agent.') }),
  ])
  .superRefine((value, context) => {
    const moved = Object.fromEntries(Object.entries(value).filter(([key]) => OF_SEARCH.includes(key)));
    const keys = Object.keys(moved);
    if (keys.length === 0) return;
    const names = keys.map((key) => `"${key}"`).join(' and ');
    const message = `${names} ${keys.length > 1 ? 'belong' : 'belongs'} to the search; write beside "agent": search: ${flowText(moved)}`;
    context.addIssue({ code: 'custom', message });
  })
  .describe('The agent: its name, or { use, ...its options }.');

const search = z
  .strictObject({
    episodes: z
      .int()
      .positive()
      .default(100)
      .describe('Episodes (candidate networks evaluated) of the search.'),
    warmStart: z
      .array(z.string().min(1))
      .optional()
      .describe(
        'Heuristic policies that are evaluated first, within the episodes: uniform, magnitude, or one that a pruner or quantizer of the stage knows. Left out: reconstruction, where the stage has it and the agent searches; [] for none.',
      ),
    confirm: z
      .int()
      .min(2)
      .optional()
      .describe(
        'So many of the best candidates are measured once more, on validation images that the search never saw, and the one that is best there wins. Left out: the best of the search wins.',
      ),
    subset: z
      .int()
      .positive()
      .optional()
      .describe(
        'Each candidate is measured on so many of the images, drawn for its policy by the seed. Left out: on all of them.',
      ),
    parallel: z
      .int()
      .min(1)
      .max(64)
      .optional()
      .describe(
        'Episodes that are walked and measured at the same time, by processes of their own; the agent learns from all of them before it begins the next. Part of what the result depends on; 1 when left out.',
      ),
    memory: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe(
        'Output folders of earlier runs, from whose episodes the agent learns before its first. Of the same network, environment, reward and budget: the best of them is measured first. Of another network: for agents that can study it. Relative to the config.',
      ),
  })
  .describe('How long the search is, what it begins with, and how much of it at once, for any agent.');

/** Values as YAML in one line: `{ episodes: 40, warmStart: [uniform] }`. */
function flowText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([key, each]) => `${key}: ${flowText(each)}`)
    .join(', ')} }`;
}

/** A share or a count. Between 1 and 100 it is neither: somebody wrote percent, or how many times fewer. */
const shareOrCount = z
  .number()
  .positive()
  .refine(
    (value) => value <= 1 || value > 100,
    'a number above 1 is an absolute count, and no network is so small; a share is at most 1 (0.5 for 50%)',
  );
const budget = (unit: string) =>
  shareOrCount.describe(`${unit}: up to 1 a share of the original, above 1 an absolute count.`);

const confidenceRacing = z
  .strictObject({
    by: z.literal('confidence').optional(),
    images: z
      .int()
      .positive()
      .default(100)
      .describe('Images between two checks of whether a candidate can still win.'),
    confidence: z
      .number()
      .gt(0.5)
      .lt(1)
      .default(0.99)
      .describe(
        'Probability, at least, over the order of the images, that a candidate which would win on all of them is measured on all of them.',
      ),
  })
  .describe(
    'Stops measuring a candidate once its reward, by an upper confidence limit of its accuracy, stays below the best so far; its accuracy is then that on the images up to there.',
  );

const halvingRacing = z
  .strictObject({
    by: z.literal('halving'),
    images: z
      .int()
      .positive()
      .default(100)
      .describe('Images before the first look at a candidate; each further look comes after twice as many.'),
    keep: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.5)
      .describe('Share of the candidates so far, the best at the same look, that a candidate has to be in.'),
  })
  .describe(
    'Stops measuring a candidate that is worse, on the images up to a look, than others were and than the best so far.',
  );

const racing = z
  .discriminatedUnion('by', [confidenceRacing, halvingRacing])
  .describe('Measures only promising candidates on all images. Left out: all images for every candidate.');

const stageFields = {
  agent,
  search: search.prefault({}),
  environment: selector.optional(),
  reward: selector.prefault('accuracy'),
  exclude: z
    .array(z.string())
    .default([])
    .describe('Layers that are left as they are; * stands for any letters.'),
  images: z.int().positive().default(1000).describe('Validation images that a candidate is evaluated on.'),
  racing: racing.optional(),
  refine: refine.optional(),
  finetune: finetune.prefault({}),
};

/** What does not go together in a search: a sentence for a user, and the setting below `search` it is about. */
function searchProblem({
  search: { subset, parallel = 1 },
  racing,
  images,
}: z.output<z.ZodObject<typeof stageFields>>): readonly [setting: string, message: string] | undefined {
  if (racing?.by === 'halving' && parallel > 1)
    return [
      'parallel',
      'racing by halving compares a candidate with all before it, so it does not go with "search.parallel"',
    ];
  if (subset === undefined) return undefined;
  if (racing)
    return [
      'subset',
      'candidates race on the same images, so "search.subset" and "racing" exclude each other',
    ];
  return subset < images ? undefined : ['subset', `"search.subset" has to be below "images" (${images})`];
}

/** Adds what `searchProblem` says. */
const searchable = (
  stage: z.output<z.ZodObject<typeof stageFields>>,
  context: { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void },
) => {
  const [setting, message] = searchProblem(stage) ?? [];
  if (setting !== undefined && message !== undefined)
    context.addIssue({ code: 'custom', path: ['search', setting], message });
};

/** Keys of what an episode measures: no limit may be called so. */
const MEASURES: readonly string[] = ['accuracy', 'images', 'denseMacs', 'reward'];

/** Any value, so that a wrong one is answered in the words of `budgetOf`; editors read the meta data. */
const pluginLimit = z.unknown().meta({
  type: 'object',
  properties: { use: { type: 'string', description: 'Id, package or path of the limit.' } },
  required: ['use'],
  description: 'A limit of a plugin, under a name of your choice: { use: name, ...its options }.',
});

/** A budget of limits that are known, and of any others that say which plugin they are. */
function budgetOf<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z
    .object(shape)
    .catchall(pluginLimit)
    .superRefine((value, context) => {
      const say = (message: string, path: string[] = []) =>
        context.addIssue({ code: 'custom', path, message });
      if (Object.keys(value).length === 0) say(`needs ${known.join(', ')}, or a limit of a plugin`);
      for (const [key, limit] of Object.entries<unknown>(value)) {
        if (known.includes(key)) continue;
        if (typeof limit !== 'object' || limit === null)
          context.addIssue({ code: 'unrecognized_keys', keys: [key], input: value, message: 'is not known' });
        else if (typeof (limit as { use?: unknown }).use !== 'string')
          say('is none of the known limits, so it needs "use", the plugin that it is of', [key]);
        else if (MEASURES.includes(key))
          say('is what a measure is called; give the limit another name', [key]);
      }
    });
}

/** Options of the limit `latency`. */
export const latencySchema = z
  .strictObject({
    table: z.string().min(1).describe('Path of a table that "tersor profile" wrote, relative to the config.'),
    milliseconds: z
      .number()
      .positive()
      .optional()
      .describe('Milliseconds for one image that the table may predict.'),
    share: z
      .number()
      .positive()
      .max(1)
      .optional()
      .describe('The same as a share of what it predicts for the original.'),
  })
  .refine(
    ({ milliseconds, share }) => (milliseconds === undefined) !== (share === undefined),
    'needs "milliseconds" or "share", not both',
  )
  .describe('Predicted time of one image on the backend that the table was measured on.');

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
        'Budgets on the way there: each is a round of its own (search and fine-tune) that goes on from the network of the one before; "budget" is the last. Shares are of the original.',
      ),
    minimum: z
      .number()
      .positive()
      .max(1)
      .default(0.1)
      .describe('Smallest share of channels that a group keeps.'),
    round: z.int().positive().default(1).describe('Channel counts are rounded to a multiple of this.'),
  })
  .superRefine(searchable);

const activationBits = z.int().min(2).max(8);

const activations = z
  .strictObject({
    bits: z
      .union([
        activationBits.transform((width): [number, number] => [width, width]),
        z.tuple([activationBits, activationBits]),
      ])
      .refine(([smallest, largest]) => smallest <= largest, 'the smallest width comes first')
      .describe(
        "Bit width of the layers' inputs; or [smallest, largest], from which the agent chooses for each layer: that needs budget.bops.",
      ),
    calibrate: z
      .enum(['max', 'percentile', 'mse'])
      .default('mse')
      .describe(
        'How the range of an input is found: all values, all but the outermost, or the range that rounds with the least squared error.',
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
        'Rounds what Add and Concatenate layers join too, so that an integer runtime stays with integers around them.',
      ),
  })
  .describe(
    'Rounds the inputs of the quantized layers too, in evaluation and fine-tune, as an integer runtime would. Left out: activations stay floats.',
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
        'a range of activation widths needs quantize.budget.bops, since activations cost no bytes; set it, or give a single width',
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
      "Whether the files say the data set's class names and how its pixels become numbers; pages that load them need it. A few hundred bytes.",
    ),
  checkpointSeconds: z
    .number()
    .min(0)
    .default(30)
    .describe('Seconds between checkpoints, at least; 0 writes one after every episode and epoch.'),
  output: z
    .string()
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
    output: z.string().describe('Folder that the model is written to, relative to the working directory.'),
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
