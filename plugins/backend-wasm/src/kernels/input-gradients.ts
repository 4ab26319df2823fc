import * as tf from '@tensorflow/tfjs-core';
import {
  convolutionInfo,
  pad,
  type Amounts,
  type ConvolutionAttributes,
  type Shape4D,
  type WasmMemory,
} from './convolution-window.js';

/**
 * dx is the convolution of dy, spread out by the stride, with the filter turned around and its channels
 * swapped.
 */
export function inputGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  inputShape: Shape4D,
  attributes: ConvolutionAttributes,
): tf.Tensor {
  const info = convolutionInfo(inputShape, filter.shape, attributes);
  const turned = tf.transpose(turnAround(filter), [0, 1, 3, 2]) as tf.Tensor4D;
  const { spaced, padding } = spread(dy, info);
  return convolvePadded(tf.conv2d, spaced, turned, padding);
}

/** The same, channel by channel; the multiplier's channels are added up. */
export function depthwiseInputGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  inputShape: Shape4D,
  attributes: ConvolutionAttributes,
): tf.Tensor {
  const info = convolutionInfo(inputShape, filter.shape, attributes, true);
  const [height, width, channels, multiplier] = filter.shape;
  const turned = tf.reshape(turnAround(filter), [height, width, channels * multiplier, 1]) as tf.Tensor4D;
  const { spaced, padding } = spread(dy, info);
  const each = convolvePadded(tf.depthwiseConv2d, spaced, turned, padding);
  if (multiplier === 1) return each;
  return tf.reshape(tf.sum(tf.reshape(each, [-1, channels, multiplier]), -1), inputShape);
}

/**
 * The filter turned by 180 degrees: its positions in reverse order. Copied block by block within wasm memory:
 * tfjs's reverse and its split with concat take 20 and 60 times as long, and a way through JavaScript's own
 * memory takes new pages for every filter.
 */
function turnAround(filter: tf.Tensor4D): tf.Tensor4D {
  const memory = tf.backend() as unknown as WasmMemory;
  const result = memory.makeOutput(filter.shape, 'float32');
  const [values, turned] = [memory.typedArrayFromHeap(filter), memory.typedArrayFromHeap(result)];
  const positions = filter.shape[0] * filter.shape[1];
  const size = values.length / positions;
  for (let i = 0; i < positions; i++)
    turned.set(values.subarray(i * size, (i + 1) * size), (positions - 1 - i) * size);
  return tf.engine().makeTensorFromTensorInfo(result) as tf.Tensor4D;
}

/**
 * A convolution that pads by itself where it can: tfjs's own pad takes a third of the convolution's time.
 * Negative amounts cut.
 */
function convolvePadded(
  convolve: typeof tf.conv2d,
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  amounts: Amounts,
): tf.Tensor4D {
  const { top, bottom, left, right } = amounts;
  if (Math.min(top, bottom, left, right) < 0) return convolve(pad(x, amounts), filter, 1, 'valid');
  return convolve(x, filter, 1, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
}

/**
 * dy with stride - 1 zeros between its values, and the padding with which the convolution with the turned
 * filter has the input's size.
 */
function spread(
  dy: tf.Tensor4D,
  info: tf.backend_util.Conv2DInfo,
): { readonly spaced: tf.Tensor4D; readonly padding: Amounts } {
  const {
    strideHeight,
    strideWidth,
    outHeight,
    outWidth,
    inHeight,
    inWidth,
    filterHeight,
    filterWidth,
    padInfo,
  } = info;
  let spaced = dy;
  if (strideHeight > 1 || strideWidth > 1) {
    const [batch, , , channels] = dy.shape;
    const split = tf.reshape(dy, [batch, outHeight, 1, outWidth, 1, channels]);
    const filled = tf.pad(split, [
      [0, 0],
      [0, 0],
      [0, strideHeight - 1],
      [0, 0],
      [0, strideWidth - 1],
      [0, 0],
    ]);
    const joined = tf.reshape(filled, [
      batch,
      outHeight * strideHeight,
      outWidth * strideWidth,
      channels,
    ]) as tf.Tensor4D;
    spaced = tf.slice(
      joined,
      [0, 0, 0, 0],
      [batch, (outHeight - 1) * strideHeight + 1, (outWidth - 1) * strideWidth + 1, channels],
    );
  }
  const top = filterHeight - 1 - padInfo.top;
  const left = filterWidth - 1 - padInfo.left;
  const bottom = inHeight + filterHeight - 1 - spaced.shape[1] - top;
  const right = inWidth + filterWidth - 1 - spaced.shape[2] - left;
  return { spaced, padding: { top, left, bottom, right } };
}
