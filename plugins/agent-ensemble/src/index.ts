import { definePlugin } from '@tersor/core';
import { createEnsembleAgent } from './ensemble-agent.js';
import { ensembleOptions } from './ensemble-options.js';

export { createEnsembleAgent } from './ensemble-agent.js';
export type { EnsembleOptions } from './ensemble-options.js';

export default definePlugin({
  name: '@tersor/agent-ensemble',
  kind: 'agent',
  id: 'ensemble',
  core: '>=0.1.0 <1.0.0',
  description: 'Critics over whole policies with Thompson sampling, for few evaluations; continuous actions',
  options: ensembleOptions,
  create: (options) => (task) => createEnsembleAgent(options, task),
});
