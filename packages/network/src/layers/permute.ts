import type { LayerFacts } from './layer-facts.js';

/** Reorders axes. */
export const PERMUTE: LayerFacts = {
  className: 'Permute',
  channels: {
    how: 'kept if they stay last',
    rule: ({ layer, inputs, outputShape }) => {
      const dims = layer.config['dims'];
      return Array.isArray(dims) && dims.at(-1) === outputShape.length ? inputs[0] : undefined;
    },
  },
  probabilities: () => 'mixed',
};
