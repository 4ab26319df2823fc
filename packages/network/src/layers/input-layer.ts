import type { LayerFacts } from './layer-facts.js';

/** Where a network's input comes in; its channels stay. */
export const INPUT_LAYER: LayerFacts = {
  className: 'InputLayer',
  operations: () => [{ operation: { kind: 'input' } }],
};
