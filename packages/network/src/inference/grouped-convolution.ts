import * as tf from '@tensorflow/tfjs-core';
import type { ConvolutionOperation, PlanWeight } from './plan-step.js';

/** The weights of a convolution, or of one group of it, on the device. */
export interface BlockWeights {
  readonly kernel: tf.Tensor4D;
  readonly bias?: tf.Tensor | undefined;
}

type Activation = 'linear' | 'relu' | 'relu6';

/** A convolution with its bias and activation, as one operation. */
export function convolve(
  x: tf.Tensor4D,
  { kernel, bias }: BlockWeights,
  { strides, padding, dilation }: ConvolutionOperation,
  activation: Activation,
): tf.Tensor4D {
  return tf.fused.conv2d({
    x,
    filter: kernel,
    strides: [...strides],
    pad: padding,
    dilations: [...dilation],
    ...(bias && { bias }),
    activation,
  });
}

/** The weights of each group, which are uploaded apart once rather than cut in every run. */
export function convolutionBlocks({ kernel, bias, groups = 1 }: ConvolutionOperation): BlockWeights[] {
  const cut = ({ shape, data }: PlanWeight) =>
    tf.tidy(() => tf.split(tf.tensor(data, [...shape], 'float32'), groups, shape.length - 1));
  const kernels = cut(kernel) as tf.Tensor4D[];
  const biases = bias ? cut(bias) : [];
  return kernels.map((each, group) => ({ kernel: each, bias: biases[group] }));
}

/** A convolution in groups: no backend of TensorFlow.js has one, but all cut and join channels. */
export function convolveBlocks(
  x: tf.Tensor4D,
  blocks: readonly BlockWeights[],
  operation: ConvolutionOperation,
  activation: Activation,
): tf.Tensor4D {
  const images = tf.split<tf.Tensor4D>(x, blocks.length, 3);
  return tf.concat(
    images.map((image, group) => convolve(image, blocks[group]!, operation, activation)),
    3,
  );
}
