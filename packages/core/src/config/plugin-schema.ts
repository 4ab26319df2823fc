import { z } from 'zod';

/** A plugin by name, or by name with its options beside it. */
export const selector = z
  .union([
    z.string().min(1),
    z.looseObject({ use: z.string().min(1).describe('Id, package or path of the plugin.') }),
  ])
  .describe('A plugin: its name, or { use: name, ...its options }.');

/** A model by its path, or by its format and path, with the format's options beside them. */
export const modelFile = (what: string) =>
  z
    .union([
      z.string().min(1),
      z.looseObject({
        use: z.string().min(1).describe('Id, package or path of the format.'),
        path: z.string().min(1).describe('Path of the model, relative to the config.'),
      }),
    ])
    .describe(`${what}, relative to the config; or { use: format, path, ...its options }.`);
