import { definePlugin } from '@tersor/core';
import { z } from 'zod';
import { createWasmBackend } from './wasm-backend.js';

export { createWasmBackend, type WasmBackendOptions } from './wasm-backend.js';
export { registerGradientKernels } from './kernels/gradient-kernels.js';
export default definePlugin({
  name: '@tersor/backend-wasm',
  kind: 'backend',
  id: 'wasm',
  core: '>=0.1.0 <1.0.0',
  description: 'WebAssembly with SIMD on all cores; trains too',
  options: z.strictObject({
    workers: z
      .int()
      .min(1)
      .max(64)
      .optional()
      .describe(
        'Threads that share the images; 1 computes in the main thread. When absent, one per core, or their share in a parallel search.',
      ),
  }),
  create: ({ workers }, { threads }) => createWasmBackend({ workers: workers ?? threads }),
});
