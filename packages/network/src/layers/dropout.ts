import { KEPT } from './channel-rules.js';
import type { LayerFacts } from './layer-facts.js';

/** Layers that do something in training only. */
const SHARED: Omit<LayerFacts, 'className'> = { channels: KEPT, probabilities: () => 'kept' };

/** Plans leave these out, and they take no time. */
const LEFT_OUT: Omit<LayerFacts, 'className'> = { ...SHARED, operations: () => [], rides: 'always' };

/** Dropout and noise. */
export const DROPOUT: readonly LayerFacts[] = [
  { ...LEFT_OUT, className: 'Dropout' },
  { ...LEFT_OUT, className: 'SpatialDropout2D' },
  { ...LEFT_OUT, className: 'GaussianNoise' },
  { ...LEFT_OUT, className: 'GaussianDropout' },
  { ...LEFT_OUT, className: 'AlphaDropout' },
  // The stock layers run these, as they always have.
  { ...SHARED, className: 'SpatialDropout1D' },
  { ...SHARED, className: 'ActivityRegularization' },
];
