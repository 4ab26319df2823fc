import * as tf from '@tensorflow/tfjs-core';
import { intercept } from './channel-kernels.js';

/** Below it lies no value of a network, but the padding of a `TersorPooling2D`. */
const PADDING = -1e38;

let isRegistered = false;

/**
 * The gradient of max pooling where the input has negative values: the stock kernel begins its search for the
 * largest value at zero, so that windows without a positive value get no gradient (tfjs 4.22). The same
 * values, moved above zero, have the same places. Twice is harmless.
 */
export function registerMaxPoolGradient(): void {
  if (isRegistered) return;
  isRegistered = true;
  intercept('MaxPoolGrad', (inputs, attributes) => {
    const least = (x: tf.Tensor) => tf.tidy(() => tf.min(x).dataSync()[0]!);
    let smallest = least(inputs['input']!);
    if (smallest >= 0) return undefined;
    const { dy, input, output } = inputs as { dy: tf.Tensor; input: tf.Tensor; output: tf.Tensor };
    // A padding of the least float: moved by so much, all values would be one. None below all maxima matters.
    const isPadded = smallest < PADDING;
    if (isPadded) smallest = least(output) - 1;
    const shift = 1 - smallest;
    const values = () => (isPadded ? tf.maximum(input, smallest) : input);
    return () =>
      tf
        .engine()
        .runKernel(
          'MaxPoolGrad',
          { dy, input: tf.add(values(), shift), output: tf.add(output, shift) },
          attributes as tf.NamedAttrMap,
        ) as tf.Tensor;
  });
}
