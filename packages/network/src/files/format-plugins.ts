import { definePlugin, type Format, type Plugin } from '@tersor/core';
import { z } from 'zod';
import { layersModelFormat } from './layers-model-format.js';
import { packedFormat } from './packed-format.js';

const plugin = (format: Format, description: string): Plugin =>
  definePlugin({
    name: '@tersor/network',
    kind: 'format',
    id: format.id,
    core: '>=0.1.0 <1.0.0',
    description,
    options: z.strictObject({}),
    create: () => format,
  }) as Plugin;

/** The formats that need no plugin of their own, the first that recognises a file counts. */
export const formatPlugins: readonly Plugin[] = [
  plugin(packedFormat, 'packed files of Tersor, read as the float weights that their codes stand for'),
  plugin(layersModelFormat, 'what TensorFlow.js and its converter write: model.json with its weight files'),
];
