import { definePlugin } from '@tersor/core';
import { z } from 'zod';
import { createWasmBackend } from './wasm-backend.js';

export { createWasmBackend };
export default definePlugin({
  name: '@tersor/backend-wasm',
  kind: 'backend',
  id: 'wasm',
  core: '>=0.1.0 <1.0.0',
  description: 'WebAssembly with SIMD; trains too',
  options: z.strictObject({}),
  create: () => createWasmBackend(),
});
