import { definePlugin } from '@tersor/core';
import { z } from 'zod';
import { createNodeBackend } from './node-backend.js';
import { nodeEnvironment } from './node-environment.js';

export { createNodeBackend, type NodeBackendOptions } from './node-backend.js';
export { nodeEnvironment } from './node-environment.js';

export const nodeBackendOptions = z.strictObject({
  precision: z
    .enum(['float32', 'bfloat16', 'auto'])
    .default('float32')
    .describe(
      'Arithmetic of inference sessions. bfloat16 is faster on some processors, with a relative error of about 1% in the logits; auto times both on the network at hand, once a run, and takes the faster.',
    ),
});

export default definePlugin({
  name: '@tersor/backend-node',
  kind: 'backend',
  id: 'node',
  core: '>=0.1.0 <1.0.0',
  description: 'tfjs-node or tfjs-node-gpu, in float32 or bfloat16',
  options: nodeBackendOptions,
  environment: nodeEnvironment,
  create: (options, { directory, threads }) =>
    createNodeBackend({ ...options, threads, directories: [directory, process.cwd(), __dirname] }),
});
