import * as tf from '@tensorflow/tfjs-core';
import { KEPT } from './channel-rules.js';
import type { LayerFacts } from './layer-facts.js';

/** The exponential linear unit as a layer. */
export const ELU: LayerFacts = { className: 'ELU', channels: KEPT };

/** ReLU above a threshold. */
export const THRESHOLDED_RELU: LayerFacts = {
  className: 'ThresholdedReLU',
  channels: KEPT,
  // 1 above the threshold and 0 below, as an operation that has a gradient, unlike a comparison.
  training: ({ layer, input }) => tf.mul(input, tf.step(tf.sub(input, Number(layer.config['theta'] ?? 1)))),
};
