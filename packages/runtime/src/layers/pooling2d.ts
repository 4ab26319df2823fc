import * as tf from '@tensorflow/tfjs-core';
import { layers, type Shape } from '@tensorflow/tfjs-layers';
import {
  pair,
  sides,
  single,
  word,
  wrong,
  type LayerConfig,
  type Pair,
  type Sides,
} from './config-values.js';
import { paddedSize, windowsAlong } from './window.js';

/** The smallest float32, which pads images for maximum pooling. */
export const LEAST_FLOAT = -3.4028234663852886e38;

/**
 * Pooling with separate padding on each side. Padding is never the maximum; averages are over the whole
 * window (`countPadding`) or over its part within the image.
 */
export class Pooling2D extends layers.Layer {
  static readonly className = 'TersorPooling2D';
  private readonly operation: 'max' | 'average';
  private readonly poolSize: Pair;
  private readonly strides: Pair;
  private readonly padding: Sides;
  private readonly countPadding: boolean;

  constructor(config: LayerConfig) {
    super(config);
    this.operation = word(config, 'operation', ['max', 'average']);
    this.poolSize = pair(config, 'poolSize', 1);
    this.strides = pair(config, 'strides', 1, [...this.poolSize]);
    this.padding = sides(config, 'padding');
    this.countPadding = config['countPadding'] === true;
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = single<Shape>(inputShape);
    this.computeOutputShape(shape)
      .slice(1, 3)
      .forEach((windows, axis) => {
        const [before] = this.padding[axis]!;
        const length = shape[axis + 1] ?? null;
        if (windows === null || length === null) return;
        // The first and the last window must contain a pixel.
        if (
          windows < 1 ||
          before >= this.poolSize[axis]! ||
          (windows - 1) * this.strides[axis]! >= before + length
        )
          throw wrong(this, 'padding', 'such that every window lies on a part of the image');
      });
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = single<tf.Tensor>(inputs) as tf.Tensor4D;
      const [size, strides]: [[number, number], [number, number]] = [[...this.poolSize], [...this.strides]];
      const padded = (image: tf.Tensor4D, value: number) =>
        this.padding.flat().every((side) => side === 0)
          ? image
          : tf.pad(image, [[0, 0], [...this.padding[0]], [...this.padding[1]], [0, 0]], value);
      if (this.operation === 'max') return tf.maxPool(padded(x, LEAST_FLOAT), size, strides, 'valid');
      const mean = (image: tf.Tensor4D) => tf.avgPool(padded(image, 0), size, strides, 'valid');
      return this.countPadding ? mean(x) : tf.div(mean(x), mean(tf.ones([1, x.shape[1], x.shape[2], 1])));
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shape = single<Shape>(inputShape);
    const [height, width] = paddedSize(shape, this.padding).map((length, axis) =>
      windowsAlong(length, this.poolSize[axis]!, this.strides[axis]!),
    );
    return [shape[0]!, height!, width!, shape[3]!];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      operation: this.operation,
      poolSize: [...this.poolSize],
      strides: [...this.strides],
      padding: this.padding.map((side) => [...side]),
      countPadding: this.countPadding,
    };
  }
}
