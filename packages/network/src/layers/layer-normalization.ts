import { KEPT } from './channel-rules.js';
import type { LayerFacts } from './layer-facts.js';

/** Normalization of each sample, over its channels or over other axes. */
export const LAYER_NORMALIZATION: LayerFacts = {
  className: 'LayerNormalization',
  channels: {
    how: 'stay if it runs over them, otherwise kept',
    rule: (site, table) => {
      const { layer, inputs, inputShapes } = site;
      const axis = layer.config['axis'] ?? -1;
      const axes: unknown[] = Array.isArray(axis) ? axis : [axis];
      if (axes.some((each) => each === -1 || each === inputShapes[0]!.length))
        table.freeze(inputs[0]!, `${layer.name}: its mean and deviation are over all channels`);
      return KEPT.rule(site, table);
    },
  },
};
