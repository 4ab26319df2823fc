import * as tf from '@tensorflow/tfjs-core';

/** A dilated convolution of NHWC images with stride 1, the only stride that tfjs allows. */
export interface Dilation {
  /** Depthwise: the kernel is [h, w, channels, multiplier]. */
  readonly depthwise: boolean;
  readonly rates: readonly [number, number];
  readonly padding: 'same' | 'valid';
}

/**
 * A dilated convolution with a gradient; tfjs has gradients only for undilated ones. Pixels that are a rate
 * apart are gathered into separate images (space to batch), which an undilated convolution reads, and its
 * results are put back in place. All three operations have gradients, and the number of multiplications is
 * that of the dilated convolution.
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
    // Pad to a multiple of the rate; the excess is cut off again.
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
