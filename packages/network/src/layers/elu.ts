import { KEPT } from './channel-rules.js';
import type { LayerFacts } from './layer-facts.js';

/** The exponential linear unit as a layer. */
export const ELU: LayerFacts = { className: 'ELU', channels: KEPT };

/** ReLU above a threshold. */
export const THRESHOLDED_RELU: LayerFacts = { className: 'ThresholdedReLU', channels: KEPT };
