import { definePlugin, type Format, type ModelPlace } from '@tersor/core';
import { z } from 'zod';
import { modelFilesOf } from './read/file/parse-model.js';
import { onnxReference } from './reference.js';
import { readOnnx } from './read/read-onnx.js';
import { onnxWriting, type OnnxWriting } from './write/write-onnx.js';

/** Options for reading and writing ONNX files. */
export interface OnnxOptions extends Partial<OnnxWriting> {
  /** Sizes of the input after the batch, in the order of the file, if the file leaves them open. */
  readonly inputShape?: readonly number[] | undefined;
}

/** ONNX files. */
export function createOnnxFormat({
  inputShape,
  precision = 'float32',
  weights = 'searched',
  norms = 'kept',
}: OnnxOptions = {}): Format {
  return {
    id: 'onnx',
    files: 'an .onnx file',
    recognises,
    read: (path) => readOnnx(path, inputShape),
    parts: modelFilesOf,
    reference: onnxReference,
    ...onnxWriting({ precision, weights, norms }),
  };
}

/** Recognises a file by its name, or by its first fields: the version, then producer, operators or graph. */
function recognises({ path, entries, head }: ModelPlace): boolean {
  if (entries) return false;
  if (path.endsWith('.onnx')) return true;
  const [tag, version, next] = head;
  return tag === 0x08 && version! >= 3 && version! <= 20 && [0x12, 0x1a, 0x22, 0x3a, 0x42].includes(next!);
}

export default definePlugin({
  name: '@tersor/format-onnx',
  kind: 'format',
  id: 'onnx',
  core: '>=0.1.0 <1.0.0',
  description: 'ONNX files, as PyTorch and others export them',
  options: z.strictObject({
    inputShape: z
      .array(z.int().min(1), 'a list of sizes: [3, 224, 224]')
      .refine(({ length }) => length >= 1 && length <= 5, 'one to five sizes')
      .optional()
      .describe('Sizes of the input after the batch, in the order of the file, if the file leaves them open'),
    precision: z
      .enum(['float32', 'float16'])
      .default('float32')
      .describe('Precision of a written network; float16 has half the bytes, and rounds'),
    weights: z
      .enum(['searched', 'float'])
      .default('searched')
      .describe(
        'What quantized weights are written as: packed integers of the bits that were searched, or floats',
      ),
    norms: z
      .enum(['kept', 'folded'])
      .default('kept')
      .describe(
        'Batch norms after quantized weights: separate operators, or folded into the scales, which makes the file smaller and rounds once more',
      ),
  }),
  create: (options) => createOnnxFormat(options),
});
