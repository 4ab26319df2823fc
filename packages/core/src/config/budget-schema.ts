import { z } from 'zod';

/** A share or a count. Between 1 and 100 it is neither: somebody wrote percent, or how many times fewer. */
export const shareOrCount = z
  .number()
  .positive()
  .refine(
    (value) => value <= 1 || value > 100,
    'a number above 1 is an absolute count, and no network is so small; a share is at most 1 (0.5 for 50%)',
  );
/** A limit by a share or a count of something. */
export const budget = (unit: string) =>
  shareOrCount.describe(`${unit}: up to 1 a share of the original, above 1 an absolute count.`);

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
export function budgetOf<Shape extends z.ZodRawShape>(shape: Shape) {
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
