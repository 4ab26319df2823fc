import type { GraphLayer } from '@tersor/core';
import type { LayerFacts } from './layer-facts.js';

/** The wrapped layer in the config. */
interface Wrapped {
  readonly class_name: string;
  readonly config: GraphLayer['config'];
}

/** A wrapper that applies a layer to every step of a sequence. */
export const TIME_DISTRIBUTED: LayerFacts = {
  className: 'TimeDistributed',
  wrapped: {
    of: ({ config }) => {
      const inner = config['layer'] as Wrapped | undefined;
      return inner && { name: '', className: inner.class_name, config: inner.config, weights: [] };
    },
    with: (layer, { className, config }) => ({
      ...layer,
      config: {
        ...layer.config,
        layer: { ...(layer.config['layer'] as Wrapped), class_name: className, config },
      },
    }),
  },
};
