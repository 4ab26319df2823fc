import type { LayerFacts } from './layer-facts.js';
import { isLastAxis } from './layer-weights.js';

/** A softmax over one axis. */
export const SOFTMAX: LayerFacts = {
  className: 'Softmax',
  channels: {
    how: 'stay if it runs over them, otherwise kept',
    rule: ({ layer, inputs: [input = []], inputShapes }, table) => {
      if (isLastAxis(layer.config['axis'], inputShapes[0]!.length))
        table.freeze(input, `${layer.name}: softmax divides by a sum over all channels`);
      return input;
    },
  },
  operations: ({ layer, inputShapes }) => {
    const axis = layer.config['axis'] ?? -1;
    if (axis !== -1 && axis !== inputShapes[0]!.length) return undefined;
    return [{ operation: { kind: 'activation' }, activation: { name: 'softmax' } }];
  },
  rides: 'always',
  activation: {
    of: () => 'softmax',
    axis: ({ config }) => Number(config['axis'] ?? -1),
    without: (layer) => {
      const { axis: _axis, ...config } = layer.config;
      return { ...layer, className: 'Activation', config: { ...config, activation: 'linear' } };
    },
  },
};
