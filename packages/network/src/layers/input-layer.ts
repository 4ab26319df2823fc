import type { LayerFacts } from './layer-facts.js';

/** The input of a network, whose channels stay. */
export const INPUT_LAYER: LayerFacts = {
  className: 'InputLayer',
  operations: () => [{ operation: { kind: 'input' } }],
};
