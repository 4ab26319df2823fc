import { definePlugin } from '@tersor/core';
import { PpoAgent } from './ppo-agent.js';
import { ppoOptions } from './ppo-options.js';

export { PpoAgent } from './ppo-agent.js';
export type { PpoOptions } from './ppo-options.js';

export default definePlugin({
  name: '@tersor/agent-ppo',
  kind: 'agent',
  id: 'ppo',
  core: '>=0.1.0 <1.0.0',
  description: 'Proximal policy optimization; continuous and discrete actions',
  options: ppoOptions,
  create: (options) => (task) => new PpoAgent(options, task),
});
