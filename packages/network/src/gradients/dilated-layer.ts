import * as tf from '@tensorflow/tfjs-core';
import { isChannelsFirst } from '../graph/channels-first.js';
import type { TrainingRule, TrainingSite } from '../layers/layer-facts.js';
import { dilatedConvolution, type Dilation } from './dilated-convolution.js';

/** How a layer convolves an image with channels last, before its bias and its activation. */
export type Convolve = (
  image: tf.Tensor4D,
  how: Omit<Dilation, 'depthwise'>,
  site: TrainingSite & { readonly kernel: (name: string) => tf.Tensor4D },
) => tf.Tensor4D;

/**
 * Trains a dilated convolution of images or sequences (images of height 1) with operations that have
 * gradients; TensorFlow.js's own has them only without dilation.
 */
export function trainedWhereDilated(convolve: Convolve): TrainingRule {
  return (site) => {
    const { layer, input, activate } = site;
    const [first, second] = ratesOf(layer.config['dilation_rate'] ?? 1);
    if (first === 1 && second === 1) return undefined;
    const isSequence = input.rank === 3;
    const isFirst = isChannelsFirst(layer);
    const last = isFirst ? tf.transpose(input, isSequence ? [0, 2, 1] : [0, 2, 3, 1]) : input;
    const image = isSequence ? tf.expandDims(last, 1) : last;
    const kernel = (name: string) => {
      const weight = site.weight(name)!;
      return (weight.rank === 3 ? tf.expandDims(weight, 0) : weight) as tf.Tensor4D;
    };
    const convolved = convolve(
      image as tf.Tensor4D,
      {
        rates: isSequence ? [1, first] : [first, second],
        padding: layer.config['padding'] === 'same' ? 'same' : 'valid',
      },
      { ...site, kernel },
    );
    const shaped: tf.Tensor = isSequence ? tf.squeeze(convolved, [1]) : convolved;
    const bias = site.weight('bias');
    const result = bias ? tf.add(shaped, bias) : shaped;
    return activate(isFirst ? tf.transpose(result, isSequence ? [0, 2, 1] : [0, 3, 1, 2]) : result);
  };
}

/** The rule of a layer with one `kernel` that mixes all channels. */
export const TRAINED_KERNEL = trainedWhereDilated((image, how, { kernel }) =>
  dilatedConvolution(image, kernel('kernel'), { ...how, depthwise: false }),
);

function ratesOf(value: unknown): readonly [number, number] {
  const [first, second] = (Array.isArray(value) ? value : [value]).map(Number);
  return [first ?? 1, second ?? first ?? 1];
}
