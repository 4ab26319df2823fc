import { definePlugin } from '@tersor/core';
import { z } from 'zod';
import { createWebgpuBackend } from './webgpu-backend.js';

export { createWebgpuBackend, type WebgpuBackendOptions } from './webgpu-backend.js';

export const webgpuBackendOptions = z.strictObject({
  powerPreference: z
    .enum(['high-performance', 'low-power'])
    .default('high-performance')
    .describe('Which GPU to use if there are several.'),
  adapter: z.string().optional().describe("Part of the adapter's name (Node only)."),
  batchSize: z
    .int()
    .positive()
    .optional()
    .describe('Images that run at once; when left out, as many as suit the network and the device.'),
});

export default definePlugin({
  name: '@tersor/backend-webgpu',
  kind: 'backend',
  id: 'webgpu',
  core: '>=0.1.0 <1.0.0',
  description: 'Any GPU, through WebGPU: Dawn in Node, or the browser',
  options: webgpuBackendOptions,
  create: ({ adapter, batchSize, powerPreference }) =>
    createWebgpuBackend({
      powerPreference,
      ...(adapter && { adapter }),
      ...(batchSize !== undefined && { batchSize }),
    }),
});
