import { definePlugin, TersorError, type Format } from '@tersor/core';
import { z } from 'zod';

const format: Format = {
  id: 'keras',
  files: 'a Keras file',
  recognises: () => false,
  read: () => Promise.reject(new TersorError('MODEL_UNSUPPORTED', 'Keras files are not read yet.')),
};

export default definePlugin({
  name: '@tersor/format-keras',
  kind: 'format',
  id: 'keras',
  core: '>=0.1.0 <1.0.0',
  description: 'Keras files',
  options: z.strictObject({}),
  create: () => format,
});
