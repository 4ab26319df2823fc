import { definePlugin } from '@tersor/core';
import { createBullmqRunner } from './coordinator/bullmq-runner.js';
import { bullmqOptions } from './options.js';

export { createBullmqRunner } from './coordinator/bullmq-runner.js';
export { bullmqOptions, type BullmqOptions } from './options.js';

export default definePlugin({
  name: '@tersor/runner-bullmq',
  kind: 'runner',
  id: 'bullmq',
  core: '>=0.1.0 <1.0.0',
  description: 'trials on many machines, over a queue on Redis or PostgreSQL',
  options: bullmqOptions,
  create: (options, { directory }) => createBullmqRunner(options, directory),
});
