import { definePlugin } from '@tersor/core';
import { DdpgAgent } from './ddpg-agent.js';
import { ddpgOptions } from './ddpg-options.js';

export { DdpgAgent } from './ddpg-agent.js';
export type { DdpgOptions } from './ddpg-options.js';

export default definePlugin({
  name: '@tersor/agent-ddpg',
  kind: 'agent',
  id: 'ddpg',
  core: '>=0.1.0 <1.0.0',
  description:
    'Deep deterministic policy gradient as in AMC and HAQ, with the options of TD3; continuous actions',
  options: ddpgOptions,
  create: (options) => (task) => new DdpgAgent(options, task),
});
