import * as tf from '@tensorflow/tfjs-core';
import { intercept } from './channel-kernels.js';

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
    const smallest = tf.tidy(() => tf.min(inputs['input']!).dataSync()[0]!);
    if (smallest >= 0) return undefined;
    const { dy, input, output } = inputs as { dy: tf.Tensor; input: tf.Tensor; output: tf.Tensor };
    const shift = 1 - smallest;
    return () =>
      tf
        .engine()
        .runKernel(
          'MaxPoolGrad',
          { dy, input: tf.add(input, shift), output: tf.add(output, shift) },
          attributes as tf.NamedAttrMap,
        ) as tf.Tensor;
  });
}
