import { definePlugin, type Format, type Plugin } from '@tersor/core';
import { z } from 'zod';
import { createLayersModelFormat } from './layers-model-format.js';
import { packedFormat } from './packed-format.js';

const FORMAT = { name: '@tersor/network', kind: 'format', core: '>=0.1.0 <1.0.0' } as const;

/** The formats that need no plugin of their own, the first that recognises a file counts. */
export const formatPlugins: readonly Plugin[] = [
  definePlugin({
    ...FORMAT,
    id: 'tersor',
    description: 'packed files of Tersor, read as the float weights that their codes stand for',
    options: z.strictObject({}),
    create: (): Format => packedFormat,
  }),
  definePlugin({
    ...FORMAT,
    id: 'layers-model',
    description: 'what TensorFlow.js and its converter write: model.json with its weight files',
    options: z.strictObject({
      kernels: z
        .enum(['float32', 'uint8'])
        .default('float32')
        .describe('What kernels are written as; uint8 is a quarter of the bytes, and rounds.'),
    }),
    create: ({ kernels }): Format => createLayersModelFormat(kernels),
  }),
] as readonly Plugin[];
