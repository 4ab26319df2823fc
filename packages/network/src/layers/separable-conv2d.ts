import * as tf from '@tensorflow/tfjs-core';
import { dilatedConvolution } from '../gradients/dilated-convolution.js';
import { trainedWhereDilated } from '../gradients/dilated-layer.js';
import { followWeights } from './channel-rules.js';
import { depthMultiplier } from './depthwise-conv2d.js';
import { BIAS_AXIS, BIAS_OFFSET, OWN_ACTIVATION, withChannelCount } from './kernel-layer.js';
import type { LayerFacts, WeightAxis } from './layer-facts.js';
import { planBias, planWeight, withActivation } from './operations.js';
import { kernelWindow } from './window.js';

const WEIGHTS: readonly WeightAxis[] = [
  { weight: 'depthwise_kernel', rank: 4, axis: 2, role: 'carries', of: 'inputs' },
  {
    weight: 'pointwise_kernel',
    rank: 4,
    axis: 2,
    role: 'consumes',
    of: 'inputs',
    perChannel: depthMultiplier,
  },
  { weight: 'pointwise_kernel', rank: 4, axis: 3, role: 'produces', of: 'outputs' },
  BIAS_AXIS,
];

/** A convolution of each channel by itself, followed by a pointwise convolution. */
export const SEPARABLE_CONV2D: LayerFacts = {
  className: 'SeparableConv2D',
  channels: { how: 'mixed by the pointwise kernel', rule: followWeights(WEIGHTS) },
  weights: WEIGHTS,
  resized: withChannelCount('filters'),
  // Both parts have the same number of positions.
  positions: 'output',
  operations: ({ layer }) => {
    const window = kernelWindow(layer, 'depthwise_kernel');
    const depthwise = planWeight(layer, 'depthwise_kernel');
    const pointwise = planWeight(layer, 'pointwise_kernel');
    if (!window || !depthwise || !pointwise) return undefined;
    const { padding, strides, dilation } = window;
    const point = { strides: [1, 1], dilation: [1, 1], padding: 'valid' } as const;
    const second = withActivation(
      { kind: 'convolution', kernel: pointwise, ...planBias(layer), ...point },
      layer,
    );
    return (
      second && [
        { operation: { kind: 'depthwise', kernel: depthwise, padding, strides, dilation } },
        ...second,
      ]
    );
  },
  window: (layer) => kernelWindow(layer, 'depthwise_kernel'),
  refit: 'pointwise_kernel',
  kernels: [
    { weight: 'depthwise_kernel', how: 'filters' },
    { weight: 'pointwise_kernel', how: 'mixes' },
  ],
  outputOffset: BIAS_OFFSET,
  activation: OWN_ACTIVATION,
  training: trainedWhereDilated((image, how, { kernel }) => {
    const each = dilatedConvolution(image, kernel('depthwise_kernel'), { ...how, depthwise: true });
    return tf.conv2d(each, kernel('pointwise_kernel'), 1, 'valid');
  }),
  // tfjs leaves out the depth multiplier, without which the layer cannot be rebuilt.
  restoredConfig: (config, weights) => {
    const multiplier = weights.find(({ name }) => name === 'depthwise_kernel')?.shape[3];
    return multiplier === undefined ? config : { ...config, depth_multiplier: multiplier };
  },
};
