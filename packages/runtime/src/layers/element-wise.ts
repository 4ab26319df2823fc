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

/** Every value to the power of one exponent. */
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
