import type { LayerFacts } from './layer-facts.js';
import { weightShape } from './layer-weights.js';

/** ReLU with learned slopes for negative values, one per channel or one for all. */
export const PRELU: LayerFacts = {
  className: 'PReLU',
  channels: {
    how: 'kept',
    rule: ({ layer, inputs: [input = []] }, table) => {
      const shape = weightShape(layer, 'alpha');
      if (!shape) return undefined;
      const last = shape.length - 1;
      if (shape[last] === input.length) table.own(layer.name, 'alpha', last, 'carries', input);
      // A slope shared by all channels does not depend on their number.
      else if (shape[last] !== 1) return undefined;
      return input;
    },
  },
  weights: [{ weight: 'alpha', axis: -1, role: 'carries', of: 'outputs' }],
};
