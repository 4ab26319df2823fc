import * as tf from '@tensorflow/tfjs-core';

/** A dilated convolution over NHWC; its stride is 1, which tfjs asks for. */
export interface Dilation {
  /** Depthwise: the kernel is [h, w, channels, multiplier]. */
  readonly depthwise: boolean;
  readonly rates: readonly [number, number];
  readonly padding: 'same' | 'valid';
}

/**
 * A dilated convolution that can be trained: tfjs has gradients only of undilated ones. Of each image, the
 * pixels that lie a rate apart become an image of their own (space to batch), which an undilated convolution
 * reads; its results are put back into their places. All of these have gradients, and no more multiplications
 * are done than in the dilated one.
 */
export function dilatedConvolution(
  x: tf.Tensor4D,
  kernel: tf.Tensor4D,
  { depthwise, rates, padding }: Dilation,
): tf.Tensor4D {
  const sides = [0, 1].map((axis) => {
    const rate = rates[axis]!;
    const around = padding === 'same' ? (kernel.shape[axis]! - 1) * rate : 0;
    const before = around >> 1;
    // Sides that the rate divides; what is too much is cut off again.
    const extra = (rate - ((x.shape[axis + 1]! + around) % rate)) % rate;
    return { extra, pad: [before, around - before + extra] };
  });
  const apart = tf.spaceToBatchND(
    x,
    [...rates],
    sides.map(({ pad }) => pad),
  );
  const convolved = (depthwise ? tf.depthwiseConv2d : tf.conv2d)(apart, kernel, 1, 'valid');
  return tf.batchToSpaceND(
    convolved,
    [...rates],
    sides.map(({ extra }) => [0, extra]),
  );
}
