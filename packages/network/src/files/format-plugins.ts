import { definePlugin, type Format, type Plugin } from '@tersor/core';
import { z } from 'zod';
import { createLayersModelFormat } from './layers-model-format.js';
import { packedFormat } from './packed-format.js';

const FORMAT = { name: '@tersor/network', kind: 'format', core: '>=0.1.0 <1.0.0' } as const;

/** The built-in formats; the first that recognises a file counts. */
export const formatPlugins: readonly Plugin[] = [
  definePlugin({
    ...FORMAT,
    id: 'tersor',
    description: "Tersor's packed files, read as float weights",
    options: z.strictObject({}),
    create: (): Format => packedFormat,
  }),
  definePlugin({
    ...FORMAT,
    id: 'layers-model',
    description: 'the format of TensorFlow.js and its converter: model.json with its weight files',
    options: z.strictObject({
      kernels: z
        .enum(['float32', 'uint8'])
        .default('float32')
        .describe('How kernels are written; uint8 takes a quarter of the bytes, and rounds them.'),
    }),
    create: ({ kernels }): Format => createLayersModelFormat(kernels),
  }),
] as readonly Plugin[];
