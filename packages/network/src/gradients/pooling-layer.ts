import * as tf from '@tensorflow/tfjs-core';
import type { GraphLayer } from '@tersor/core';
import { isChannelsFirst } from '../graph/channels-first.js';
import type { TrainingRule, TrainingSite } from '../layers/layer-facts.js';
import { pairOf } from '../layers/window.js';

type Config = GraphLayer['config'];

// TensorFlow.js computes the right result of these and a wrong gradient, on some backend at least (4.22).

/** The rule of average pooling of sequences or images. */
export const TRAINED_AVERAGE: TrainingRule = (site) =>
  site.layer.config['padding'] === 'same' ? exactly(site, averagePool) : undefined;

/** The rule of a layer that repeats rows and columns. */
export const TRAINED_REPEAT: TrainingRule = (site) =>
  site.layer.config['interpolation'] === 'bilinear' ? undefined : exactly(site, upsample);

/** Computes the layer with operations whose gradients are right. */
function exactly(
  { layer, input }: TrainingSite,
  operation: (x: tf.Tensor4D, config: Config) => tf.Tensor4D,
): tf.Tensor {
  const compute = (x: tf.Tensor) => operation(x as tf.Tensor4D, layer.config);
  // A sequence is an image with one column.
  if (input.rank === 3) return tf.squeeze(compute(tf.expandDims(input, 2)), [2]);
  return isChannelsFirst(layer)
    ? tf.transpose(compute(tf.transpose(input, [0, 2, 3, 1])), [0, 3, 1, 2])
    : compute(input);
}

/**
 * Average pooling with `same` padding, which averages only pixels within the image: the average over the
 * zero-padded window, divided by the share of the window within the image. tfjs's gradient on the cpu and
 * wasm backends divides by the whole window instead.
 */
function averagePool(x: tf.Tensor4D, config: Config): tf.Tensor4D {
  const size = rowsAndColumns(config['pool_size'] ?? 2);
  const strides = rowsAndColumns(config['strides'] ?? config['pool_size'] ?? 2);
  const sides = [0, 1].map((axis): [number, number] => {
    const length = x.shape[axis + 1]!;
    const around = Math.max(
      0,
      (Math.ceil(length / strides[axis]!) - 1) * strides[axis]! + size[axis]! - length,
    );
    return [around >> 1, around - (around >> 1)];
  });
  const mean = (image: tf.Tensor4D) =>
    tf.avgPool(tf.pad(image, [[0, 0], ...sides, [0, 0]]), size, strides, 'valid');
  return tf.div(mean(x), mean(tf.ones([1, x.shape[1], x.shape[2], 1])));
}

/**
 * Nearest-neighbour upsampling by repeating rows and columns. The gradient of tfjs's own operation is wrong
 * on its cpu backend.
 */
function upsample(x: tf.Tensor4D, config: Config): tf.Tensor4D {
  const [down, right] = rowsAndColumns(config['size'] ?? 2);
  const [batch, height, width, channels] = x.shape;
  const rows = tf.tile(tf.reshape(x, [batch * height, 1, width * channels]), [1, down, 1]);
  return tf.reshape(tf.tile(tf.reshape(rows, [batch * height * down * width, 1, channels]), [1, right, 1]), [
    batch,
    height * down,
    width * right,
    channels,
  ]);
}

/** A setting for rows and columns. That of a sequence, which has one column, is a list of one number. */
function rowsAndColumns(value: unknown): [number, number] {
  const isOfSequence = Array.isArray(value) && value.length === 1;
  return isOfSequence ? [Number(value[0]), 1] : [...pairOf(value)!];
}
