import { TRAINED_REPEAT } from '../gradients/pooling-layer.js';
import { KEPT } from './channel-rules.js';
import type { LayerFacts } from './layer-facts.js';

/** Layers that add, remove or repeat positions, and do not change channels. */
export const ZERO_PADDING2D: LayerFacts = {
  className: 'ZeroPadding2D',
  channels: KEPT,
  operations: ({ layer }) => {
    const padding = layer.config['padding'];
    if (!Array.isArray(padding) || !padding.every((side) => Array.isArray(side) && side.length === 2))
      return undefined;
    return [{ operation: { kind: 'zero-pad', padding: [padding[0], padding[1]] } }];
  },
};
export const CROPPING2D: LayerFacts = {
  className: 'Cropping2D',
  channels: KEPT,
  probabilities: () => 'mixed',
};
export const UP_SAMPLING2D: LayerFacts = {
  className: 'UpSampling2D',
  channels: KEPT,
  training: TRAINED_REPEAT,
};
export const REPEAT_VECTOR: LayerFacts = { className: 'RepeatVector', channels: KEPT };
