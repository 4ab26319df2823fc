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

/** What both stages have. */
export const stageFields = {
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
