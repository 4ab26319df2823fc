import * as tf from '@tensorflow/tfjs-core';
import { layers, type Shape } from '@tensorflow/tfjs-layers';
import { finite, single, type LayerConfig } from './config-values.js';

/** `clip(alpha * x + beta, 0, 1)`: Keras's hard sigmoid has 0.2 and 0.5, PyTorch's 1/6 and 0.5. */
export class HardSigmoid extends layers.Layer {
  static readonly className = 'TersorHardSigmoid';
  private readonly alpha: number;
  private readonly beta: number;

  constructor(config: LayerConfig) {
    super(config);
    this.alpha = finite(config, 'alpha', 0.2);
    this.beta = finite(config, 'beta', 0.5);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() =>
      tf.clipByValue(tf.add(tf.mul(single<tf.Tensor>(inputs), this.alpha), this.beta), 0, 1),
    );
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return single<Shape>(inputShape);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), alpha: this.alpha, beta: this.beta };
  }
}

/** Raises every value to a fixed power. */
export class Power extends layers.Layer {
  static readonly className = 'TersorPower';
  private readonly exponent: number;

  constructor(config: LayerConfig) {
    super(config);
    this.exponent = finite(config, 'exponent');
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => tf.pow(single<tf.Tensor>(inputs), this.exponent));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return single<Shape>(inputShape);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), exponent: this.exponent };
  }
}

/**
 * Gelu by tanh, under the name that TensorFlow.js converts `gelu_new` to when it reads a topology, and under
 * which it does not find its own.
 */
export class GeluNew extends tf.serialization.Serializable {
  static readonly className = 'geluNew';

  apply(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.square(x)))));
      return tf.mul(0.5, tf.mul(x, tf.add(1, tf.tanh(inner))));
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {};
  }
}
