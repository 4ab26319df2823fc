import * as tf from '@tensorflow/tfjs-core';
import { layers, type Shape } from '@tensorflow/tfjs-layers';
import { pair, single, type LayerConfig, type Pair } from './config-values.js';
import { axisResize, resizeWeights, type AxisResize } from './resize-weights.js';

/**
 * Resizes images with nearest, bilinear or bicubic interpolation, as a matrix product for each axis. This has
 * a gradient on every backend; besides, TensorFlow.js's own resizing reads beyond the edges with half pixels.
 */
export class Resize2D extends layers.Layer {
  static readonly className = 'TersorResize2D';
  private readonly size: Pair;
  private readonly axes: readonly [AxisResize, AxisResize];
  private readonly own: tf.serialization.ConfigDict;

  constructor(config: LayerConfig) {
    super(config);
    this.size = pair(config, 'size', 1);
    this.axes = [axisResize(config, 0), axisResize(config, 1)];
    const { interpolation, coordinates, rounding, coefficient, excludeOutside } = this.axes[0];
    this.own = {
      interpolation,
      coordinates,
      rounding,
      ...(config['scales'] !== undefined && { scales: this.axes.map(({ scale }) => scale!) }),
      ...(interpolation === 'bicubic' && { cubicCoefficient: coefficient, excludeOutside }),
    };
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = single<tf.Tensor>(inputs);
      // Move the resized axis to the end for the matrix product.
      const tall = this.resized(tf.transpose(x, [0, 3, 2, 1]), 0);
      const whole = this.resized(tf.transpose(tall, [0, 1, 3, 2]), 1);
      return tf.transpose(whole, [0, 2, 3, 1]);
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shape = single<Shape>(inputShape);
    return [shape[0]!, ...this.size, shape[3]!];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), size: [...this.size], ...this.own };
  }

  /** Resizes the last axis. */
  private resized(x: tf.Tensor, axis: 0 | 1): tf.Tensor {
    const [from, to] = [x.shape.at(-1)!, this.size[axis]];
    const { scale = 1 } = this.axes[axis];
    if (from === to && scale === 1) return x;
    const weights = resizeWeights(from, to, this.axes[axis]);
    const rows = tf.matMul(tf.reshape(x, [-1, from]), tf.tensor2d(weights, [from, to]));
    return tf.reshape(rows, [...x.shape.slice(0, -1), to]);
  }
}
