import * as tf from '@tensorflow/tfjs-core';
import { KEPT } from './channel-rules.js';
import type { LayerFacts } from './layer-facts.js';

/** Layers that only act in training. */
const SHARED: Omit<LayerFacts, 'className'> = { channels: KEPT, probabilities: () => 'kept' };

/** Plans leave these out, and they take no time. */
const LEFT_OUT: Omit<LayerFacts, 'className'> = { ...SHARED, operations: () => [], rides: 'always' };

/** Dropout and noise. */
export const DROPOUT: readonly LayerFacts[] = [
  {
    ...LEFT_OUT,
    className: 'Dropout',
    // The stock layer draws by a seed of its own.
    training: ({ layer: { config }, input, seed }) =>
      config['noise_shape'] ? undefined : tf.dropout(input, Number(config['rate']), undefined, seed),
    withoutChance: (layer) => ({ ...layer, config: { ...layer.config, rate: 0 } }),
  },
  { ...LEFT_OUT, className: 'SpatialDropout2D' },
  { ...LEFT_OUT, className: 'GaussianNoise' },
  { ...LEFT_OUT, className: 'GaussianDropout' },
  { ...LEFT_OUT, className: 'AlphaDropout' },
  // Inference plans run these as stock layers.
  { ...SHARED, className: 'SpatialDropout1D' },
  { ...SHARED, className: 'ActivityRegularization' },
];
