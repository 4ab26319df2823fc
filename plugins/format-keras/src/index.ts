import { resolve } from 'node:path';
import { definePlugin, type ModelPlace } from '@tersor/core';
import { z } from 'zod';
import { readKeras } from './read-keras.js';

const options = z.strictObject({
  architecture: z
    .string()
    .min(1)
    .optional()
    .describe('path of the JSON that model.to_json() gives, for a .weights.h5 file, which has none'),
  inputShape: z
    .array(z.int().min(1), 'a list of sizes: [224, 224, 3]')
    .refine(({ length }) => length >= 1 && length <= 4, 'one to four sizes')
    .optional()
    .describe('Sizes of one image, if the file leaves them open'),
});

export default definePlugin({
  name: '@tersor/format-keras',
  kind: 'format',
  id: 'keras',
  core: '>=0.1.0 <1.0.0',
  description: 'Keras files: .keras and .weights.h5 of Keras 3, .h5 of Keras 2 and 3',
  options,
  files: ({ architecture }) => (architecture === undefined ? [] : [architecture]),
  create: ({ architecture, inputShape }, { directory }) => ({
    id: 'keras',
    files: 'a Keras file: .keras, .h5, or .weights.h5 with its architecture',
    recognises,
    read: (path) =>
      readKeras(path, {
        inputShape,
        ...(architecture !== undefined && { architecture: resolve(directory, architecture) }),
      }),
  }),
});

/** Recognises HDF5 files, and archives with the name or the first bytes of a Keras archive. */
function recognises({ path, entries, head }: ModelPlace): boolean {
  if (entries) return false;
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  if (text.startsWith('\x89HDF\r\n\x1a\n')) return true;
  return (
    text.startsWith('PK\x03\x04') && (path.endsWith('.keras') || /^.{30}(metadata|config)\.json/s.test(text))
  );
}
