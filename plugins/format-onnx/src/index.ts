import { definePlugin, TersorError, type Format } from '@tersor/core';
import { z } from 'zod';

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
  options: z.strictObject({}),
  create: () => format,
});
