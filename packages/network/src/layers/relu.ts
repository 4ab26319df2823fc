import { KEPT } from './channel-rules.js';
import type { LayerFacts } from './layer-facts.js';

/** ReLU, with or without a limit. */
export const RELU: LayerFacts = {
  className: 'ReLU',
  channels: KEPT,
  operations: ({ layer }) => {
    const maximum = layer.config['max_value'] ?? undefined;
    if (maximum !== undefined && maximum !== 6) return undefined;
    return [{ operation: { kind: 'activation' }, activation: { name: maximum === 6 ? 'relu6' : 'relu' } }];
  },
  rides: 'always',
};
