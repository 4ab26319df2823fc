import { definePlugin } from '@tersor/core';
import { z } from 'zod';
import { createCpuBackend } from './cpu-backend.js';

export { createCpuBackend } from './cpu-backend.js';
export default definePlugin({
  name: '@tersor/backend-cpu',
  kind: 'backend',
  id: 'cpu',
  core: '>=0.1.0 <1.0.0',
  description: 'Plain JavaScript: slow, the reference in tests',
  options: z.strictObject({}),
  create: () => createCpuBackend(),
});
