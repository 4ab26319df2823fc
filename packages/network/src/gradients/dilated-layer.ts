import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { GraphLayer } from '@tersor/core';
import { inGroups } from '@tersor/runtime';
import { dilatedConvolution } from './dilated-convolution.js';

type Layer = tfl.LayersModel['layers'][number];

const DILATED = new Set(['Conv1D', 'Conv2D', 'SeparableConv2D', 'TersorGroupedConv2D']);

/**
 * Whether a layer is a dilated convolution of images or sequences, which `trainDilatedLayer` computes.
 */
export function isDilated({ className, config }: GraphLayer): boolean {
  return DILATED.has(className) && ratesOf(config).some((rate) => rate !== 1);
}

/** Computes a dilated layer with operations that have gradients. `layer` holds the weights. */
export function trainDilatedLayer(
  layer: Layer,
  { className, config, weights }: GraphLayer,
  input: tf.Tensor,
): tf.Tensor {
  const read = (name: string) =>
    layer.weights[weights.findIndex((weight) => weight.name === name)]?.read() as tf.Tensor | undefined;
  const padding = config['padding'] === 'same' ? 'same' : 'valid';
  const rates = ratesOf(config);
  const isFirst = config['data_format'] === 'channels_first';
  const last = isFirst ? tf.transpose(input, input.rank === 3 ? [0, 2, 1] : [0, 2, 3, 1]) : input;
  let result: tf.Tensor;
  if (className === 'Conv1D') {
    // A sequence is an image of height 1.
    const [image, kernel] = [
      tf.expandDims(last, 1) as tf.Tensor4D,
      tf.expandDims(read('kernel')!, 0) as tf.Tensor4D,
    ];
    result = tf.squeeze(
      dilatedConvolution(image, kernel, { depthwise: false, rates: [1, rates[0]], padding }),
      [1],
    );
  } else if (className === 'Conv2D') {
    result = dilatedConvolution(last as tf.Tensor4D, read('kernel') as tf.Tensor4D, {
      depthwise: false,
      rates,
      padding,
    });
  } else if (className === 'TersorGroupedConv2D') {
    result = inGroups(last, read('kernel')!, Number(config['groups']), (image, kernel) =>
      dilatedConvolution(image, kernel, { depthwise: false, rates, padding }),
    );
  } else {
    const each = dilatedConvolution(last as tf.Tensor4D, read('depthwise_kernel') as tf.Tensor4D, {
      depthwise: true,
      rates,
      padding,
    });
    result = tf.conv2d(each, read('pointwise_kernel') as tf.Tensor4D, 1, 'valid');
  }
  const bias = read('bias');
  if (bias) result = tf.add(result, bias);
  const ordered = isFirst ? tf.transpose(result, result.rank === 3 ? [0, 2, 1] : [0, 3, 1, 2]) : result;
  // `activation` is protected in the types of tfjs.
  const { activation } = layer as unknown as { activation?: { apply(x: tf.Tensor): tf.Tensor } | null };
  return activation ? activation.apply(ordered) : ordered;
}

function ratesOf(config: GraphLayer['config']): readonly [number, number] {
  const value = config['dilation_rate'] ?? 1;
  const [first, second] = (Array.isArray(value) ? value : [value]).map(Number);
  return [first ?? 1, second ?? first ?? 1];
}
