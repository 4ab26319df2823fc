import { definePlugin, type ModelPlace } from '@tersor/core';
import { z } from 'zod';
import { graphModelParts, readGraphModel } from './read-graph-model.js';

const names = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

const options = z.strictObject({
  outputs: names
    .optional()
    .describe('names of the nodes to use as outputs, if what comes after them cannot be read'),
  inputs: names
    .optional()
    .describe('names of the nodes to use as inputs, if what comes before them cannot be read'),
  inputShape: z
    .array(z.int().positive())
    .min(1)
    .max(4)
    .optional()
    .describe('sizes of one image, if the file leaves them open: height, width, channels'),
});

export default definePlugin({
  name: '@tersor/format-tfjs-graph',
  kind: 'format',
  id: 'tfjs-graph',
  core: '>=0.1.0 <1.0.0',
  description: 'GraphModels of TensorFlow.js',
  options,
  create: ({ outputs, inputs, inputShape }) => ({
    id: 'tfjs-graph',
    files: 'a GraphModel: model.json with the operators of TensorFlow, and its weight files',
    recognises,
    read: (path) =>
      readGraphModel(path, {
        outputs: outputs === undefined ? undefined : [outputs].flat(),
        inputs: inputs === undefined ? undefined : [inputs].flat(),
        inputShape,
      }),
    parts: graphModelParts,
  }),
});

/** Whether the JSON states the format, or begins with nodes: converters before 2019 wrote no format. */
function recognises({ entries, head }: ModelPlace): boolean {
  if (entries) return false;
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  return (
    /^\s*\{/.test(text) && /"format"\s*:\s*"graph-model"|"modelTopology"\s*:\s*\{\s*"node"\s*:/.test(text)
  );
}
