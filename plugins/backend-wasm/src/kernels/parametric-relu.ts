import * as tf from '@tensorflow/tfjs-core';
import { intercept } from './channel-kernels.js';

let isRegistered = false;

/**
 * PReLU whose slopes are shared over the last axis: the stock kernel takes the slopes value by value in the
 * order of the input, whatever axes they are for (tfjs 4.22). Twice is harmless.
 */
export function registerParametricRelu(): void {
  if (isRegistered) return;
  isRegistered = true;
  intercept('Prelu', ({ x, alpha }) => {
    // Slopes for the last axes, all of them, repeat in the order of the input.
    const own = alpha!.shape.slice(alpha!.shape.findIndex((size) => size !== 1));
    const isRepeated =
      alpha!.size === 1 || own.every((size, i) => size === x!.shape[x!.rank - own.length + i]);
    return isRepeated ? undefined : () => tf.sub(tf.relu(x!), tf.mul(alpha!, tf.relu(tf.neg(x!))));
  });
}
