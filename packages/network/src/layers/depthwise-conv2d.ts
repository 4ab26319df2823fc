import type { GraphLayer } from '@tersor/core';
import { followWeights } from './channel-rules.js';
import { BIAS_AXIS, BIAS_OFFSET, OWN_ACTIVATION } from './kernel-layer.js';
import type { LayerFacts, WeightAxis } from './layer-facts.js';
import { weightShape } from './layer-weights.js';
import { planBias, planWeight, withActivation } from './operations.js';
import { kernelWindow } from './window.js';

const WEIGHTS: readonly WeightAxis[] = [
  { weight: 'depthwise_kernel', rank: 4, axis: 2, role: 'carries', of: 'inputs' },
  BIAS_AXIS,
];

/** Number of output channels for each input channel. */
export function depthMultiplier(layer: GraphLayer): number | undefined {
  return weightShape(layer, 'depthwise_kernel')?.[3];
}

/** A convolution of each channel by itself: output channel c * multiplier + m reads only input channel c. */
export const DEPTHWISE_CONV2D: LayerFacts = {
  className: 'DepthwiseConv2D',
  channels: {
    how: 'kept, each repeated by the depth multiplier',
    rule: followWeights(WEIGHTS, depthMultiplier),
  },
  weights: WEIGHTS,
  outputsPerInput: depthMultiplier,
  positions: 'output',
  operations: ({ layer }) => {
    const window = kernelWindow(layer, 'depthwise_kernel');
    const kernel = planWeight(layer, 'depthwise_kernel');
    if (!window || !kernel) return undefined;
    const { padding, strides, dilation } = window;
    return withActivation(
      { kind: 'depthwise', kernel, ...planBias(layer), padding, strides, dilation },
      layer,
    );
  },
  window: (layer) => kernelWindow(layer, 'depthwise_kernel'),
  kernels: [{ weight: 'depthwise_kernel', how: 'filters' }],
  outputOffset: BIAS_OFFSET,
  activation: OWN_ACTIVATION,
  problem: (layer) =>
    isDilated(layer)
      ? {
          what: `has a dilation of ${String(layer.config['dilation_rate'])}, which TensorFlow.js ignores`,
          hint: 'Use a SeparableConv2D, whose dilation it computes; or set "dilation_rate" to 1 in model.json, if the network was trained in TensorFlow.js.',
        }
      : undefined,
};

function isDilated({ config }: GraphLayer): boolean {
  const rate = config['dilation_rate'] ?? 1;
  return (Array.isArray(rate) ? rate : [rate]).some((each) => Number(each) !== 1);
}
