import { createRandom, type AgentTask } from '@tersor/core';
import type { SequenceStrategy } from './sequence-agent.js';
import { createUnitSpace } from './unit-space.js';

/**
 * Draws every action uniformly from its space, every episode anew (random search; Bergstra and Bengio 2012).
 */
export function createRandomStrategy({ actionSpace, maxSteps, seed }: AgentTask): SequenceStrategy {
  const random = createRandom(seed, 'random agent');
  const space = createUnitSpace(actionSpace);
  return {
    propose: () =>
      Array.from({ length: maxSteps }, () =>
        space.toAction(Array.from({ length: space.size }, () => random.uniform())),
      ),
    learn: () => ({}),
    save: () => random.save(),
    load: (state) => random.load(state as number),
  };
}
