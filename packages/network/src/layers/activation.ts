import { freezeMixing } from './channel-rules.js';
import { OWN_ACTIVATION } from './kernel-layer.js';
import type { LayerFacts } from './layer-facts.js';
import { activationOnly } from './operations.js';

/** An activation as a layer. */
export const ACTIVATION: LayerFacts = {
  className: 'Activation',
  channels: {
    how: 'kept; with softmax they stay',
    rule: ({ layer, inputs: [input = []] }, table) => {
      freezeMixing(layer, input, table);
      return input;
    },
  },
  operations: ({ layer }) => activationOnly(layer.config),
  rides: 'always',
  activation: OWN_ACTIVATION,
  probabilities: ({ config }) => ((config['activation'] ?? 'linear') === 'linear' ? 'kept' : undefined),
};
