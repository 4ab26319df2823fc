import { definePlugin, type Agent, type AgentTask } from '@tersor/core';
import { z } from 'zod';
import { createEvolutionStrategy, evolutionOptions } from './evolution-strategy.js';
import {
  createHeuristicStrategy,
  createMagnitudeStrategy,
  createUniformStrategy,
  heuristicOptions,
} from './heuristic-strategy.js';
import { createRandomStrategy } from './random-strategy.js';
import { createSequenceAgent, type SequenceStrategy } from './sequence-agent.js';

export { createEvolutionStrategy, evolutionOptions, type EvolutionOptions } from './evolution-strategy.js';
export {
  createHeuristicStrategy,
  createMagnitudeStrategy,
  createUniformStrategy,
  heuristicOptions,
  type HeuristicOptions,
} from './heuristic-strategy.js';
export { createRandomStrategy } from './random-strategy.js';
export { createSequenceAgent, type SequenceStrategy } from './sequence-agent.js';

const manifest = { name: '@tersor/agent-baselines', kind: 'agent', core: '>=0.1.0 <1.0.0' } as const;

/** All but the evolution strategy: it searches around what it is given. */
const withOwnStart = (agent: Agent): Agent => ({ ...agent, hasOwnStart: true });

const withoutOptions = (id: string, description: string, strategy: (task: AgentTask) => SequenceStrategy) =>
  definePlugin({
    ...manifest,
    id,
    description,
    options: z.strictObject({}),
    create: () => (task) => withOwnStart(createSequenceAgent(id, task, strategy(task))),
  });

/**
 * The agents `random`, `uniform`, `magnitude`, `heuristic` and `evolution`: what a learning agent has to beat
 * at the same number of episodes.
 */
export default [
  withoutOptions(
    'random',
    'Random actions: the baseline that every search has to beat',
    createRandomStrategy,
  ),
  withoutOptions(
    'uniform',
    'One setting for all layers: the one that meets the budget, then others',
    createUniformStrategy,
  ),
  withoutOptions(
    'magnitude',
    'Global ranking by magnitude that meets the budget, then weaker and stronger variations',
    createMagnitudeStrategy,
  ),
  definePlugin({
    ...manifest,
    id: 'heuristic',
    description: 'Any heuristic by name, also those of pruners and quantizers, then variations of it',
    options: heuristicOptions,
    create: (options) => (task) =>
      withOwnStart(createSequenceAgent('heuristic', task, createHeuristicStrategy(options, task))),
  }),
  definePlugin({
    ...manifest,
    id: 'evolution',
    description: 'Evolution strategy over the whole policy: crossover, mutation, 1/5 success rule',
    options: evolutionOptions,
    create: (options) => (task) =>
      createSequenceAgent('evolution', task, createEvolutionStrategy(options, task)),
  }),
];
