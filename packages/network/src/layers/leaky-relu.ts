import { KEPT } from './channel-rules.js';
import type { LayerFacts } from './layer-facts.js';

/** ReLU with a slope for negative values. */
export const LEAKY_RELU: LayerFacts = {
  className: 'LeakyReLU',
  channels: KEPT,
  operations: ({ layer }) => [
    {
      operation: { kind: 'activation' },
      activation: { name: 'leakyrelu', alpha: Number(layer.config['alpha'] ?? 0.3) },
    },
  ],
  rides: 'always',
};
