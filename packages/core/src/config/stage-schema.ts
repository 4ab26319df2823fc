import { z } from 'zod';
import { OF_SEARCH } from './moved-settings.js';
import { selector } from './plugin-schema.js';
import { finetune, refine } from './training-schema.js';

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
        'Heuristic policies to evaluate first, as part of the episodes: uniform, magnitude, or one that a pruner or quantizer of the stage offers. Left out: reconstruction, if the stage has it and the agent searches; [] for none.',
      ),
    confirm: z
      .int()
      .min(2)
      .optional()
      .describe(
        'This many of the best candidates are measured once more, on validation images that the search never saw, and the best one there wins. Left out: the best of the search wins.',
      ),
    subset: z
      .int()
      .positive()
      .optional()
      .describe(
        'Each candidate is measured on this many of the images, drawn by its policy and the seed. Left out: on all of them.',
      ),
    parallel: z
      .int()
      .min(1)
      .max(64)
      .optional()
      .describe(
        'Episodes that run at the same time, in separate processes; the agent learns from all of them before the next batch. The result depends on it; 1 when left out.',
      ),
    memory: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe(
        'Output folders of earlier runs, whose episodes the agent learns from before its first. With the same network, environment, reward and budget, the best of them is measured first. Runs of another network are for agents that can study it. Relative to the config.',
      ),
  })
  .describe('How long the search is, what it starts with, and how many episodes run at once, for any agent.');

/** Values as YAML in one line: `{ episodes: 40, warmStart: [uniform] }`. */
function flowText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([key, each]) => `${key}: ${flowText(each)}`)
    .join(', ')} }`;
}

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
        'Smallest probability, over orders of the images, that a candidate which would win on all images is measured on all of them.',
      ),
  })
  .describe(
    'Stops measuring a candidate once its reward, at the upper confidence limit of its accuracy, stays below the best so far; its accuracy is then that on the images so far.',
  );

const halvingRacing = z
  .strictObject({
    by: z.literal('halving'),
    images: z
      .int()
      .positive()
      .default(100)
      .describe(
        'Images before the first check of a candidate; each further check comes after twice as many.',
      ),
    keep: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.5)
      .describe('A candidate has to be among this share of the candidates so far, ranked at the same check.'),
  })
  .describe(
    'Stops measuring a candidate that is worse, on the images up to a check, than others were and than the best so far.',
  );

const racing = z
  .discriminatedUnion('by', [confidenceRacing, halvingRacing])
  .describe('Measures only promising candidates on all images. Left out: all images for every candidate.');

/** What both stages have. */
export const stageFields = {
  agent,
  search: search.prefault({}),
  environment: selector.optional(),
  reward: selector.prefault('accuracy'),
  exclude: z
    .array(z.string())
    .default([])
    .describe('Layers that are left unchanged; * matches any characters.'),
  images: z.int().positive().default(1000).describe('Validation images that a candidate is evaluated on.'),
  racing: racing.optional(),
  refine: refine.optional(),
  finetune: finetune.prefault({}),
};

/** What does not go together in a search: the setting below `search`, and a sentence for a user. */
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
export const searchable = (
  stage: z.output<z.ZodObject<typeof stageFields>>,
  context: { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void },
) => {
  const [setting, message] = searchProblem(stage) ?? [];
  if (setting !== undefined && message !== undefined)
    context.addIssue({ code: 'custom', path: ['search', setting], message });
};
