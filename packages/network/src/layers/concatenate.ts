import type { LayerFacts } from './layer-facts.js';
import { isLastAxis } from './layer-weights.js';

/** Concatenation of tensors along channels or positions. */
export const CONCATENATE: LayerFacts = {
  className: 'Concatenate',
  channels: {
    how: 'those of one input after the other; joined if along height or width',
    rule: ({ layer, inputs, outputShape }, table) => {
      if (isLastAxis(layer.config['axis'], outputShape.length)) return inputs.flat();
      // Along height or width, all inputs must have the same channels.
      inputs.slice(1).forEach((input) => table.join(inputs[0]!, input));
      return inputs[0];
    },
  },
  outputChannels: ({ layer, inputs, outputBefore }) =>
    isLastAxis(layer.config['axis'], outputBefore.length)
      ? inputs.reduce<number>((sum, shape) => sum + (shape.at(-1) ?? 0), 0)
      : inputs[0]!.at(-1),
  concatenates: true,
  operations: ({ layer, inputShapes }) => {
    const axis = layer.config['axis'] ?? -1;
    return axis === -1 || axis === inputShapes[0]!.length
      ? [{ operation: { kind: 'concatenate' } }]
      : undefined;
  },
  probabilities: () => 'mixed',
};
