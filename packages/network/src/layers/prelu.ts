import type { LayerFacts } from './layer-facts.js';
import { weightShape } from './layer-weights.js';

/** A slope for negative values, learned by channel or for all channels together. */
export const PRELU: LayerFacts = {
  className: 'PReLU',
  channels: {
    how: 'kept',
    rule: ({ layer, inputs: [input = []] }, table) => {
      const shape = weightShape(layer, 'alpha');
      if (!shape) return undefined;
      const last = shape.length - 1;
      if (shape[last] === input.length) table.own(layer.name, 'alpha', last, 'carries', input);
      // A slope that all channels share does not care how many there are.
      else if (shape[last] !== 1) return undefined;
      return input;
    },
  },
  weights: [{ weight: 'alpha', axis: -1, role: 'carries', of: 'outputs' }],
};
