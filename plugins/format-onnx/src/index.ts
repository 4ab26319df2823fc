import { definePlugin, TersorError, type Format } from '@tersor/core';
import { z } from 'zod';
import { onnxWriting } from './write/write-onnx.js';

const format: Format = {
  id: 'onnx',
  files: 'an ONNX file',
  recognises: () => false,
  read: () => Promise.reject(new TersorError('MODEL_UNSUPPORTED', 'ONNX files are not read yet.')),
};

export default definePlugin({
  name: '@tersor/format-onnx',
  kind: 'format',
  id: 'onnx',
  core: '>=0.1.0 <1.0.0',
  description: 'ONNX files',
  options: z.strictObject({
    precision: z
      .enum(['float32', 'float16'])
      .default('float32')
      .describe('What a written network computes in; float16 is half of the bytes, and rounds.'),
    weights: z
      .enum(['searched', 'float'])
      .default('searched')
      .describe(
        'What quantized weights are written as: packed integers of the bits that were searched, or floats.',
      ),
  }),
  create: (options): Format => ({ ...format, ...onnxWriting(options) }),
});
