import * as tf from '@tensorflow/tfjs-core';
import { layers, type Shape } from '@tensorflow/tfjs-layers';
import { integer, single, wrong, type LayerConfig } from './config-values.js';

/**
 * Every `step`-th index of an axis, from `start` to before `end`. Axis 0 is the batch, which cannot be
 * sliced.
 */
export class Slice extends layers.Layer {
  static readonly className = 'TersorSlice';
  private readonly axis: number;
  private readonly start: number;
  private readonly end: number;
  private readonly step: number;

  constructor(config: LayerConfig) {
    super(config);
    this.axis = integer(config, 'axis', 1);
    this.start = integer(config, 'start', 0, 0);
    this.end = integer(config, 'end', this.start + 1);
    this.step = integer(config, 'step', 1, 1);
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = single<Shape>(inputShape);
    if (this.axis >= shape.length)
      throw wrong(this, 'axis', `less than the ${shape.length} axes that it reads`);
    if (this.end > (shape[this.axis] ?? Infinity))
      throw wrong(this, 'end', `at most the ${shape[this.axis]} that axis ${this.axis} is long`);
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = single<tf.Tensor>(inputs);
      const size = this.end - this.start;
      const part = along(x, this.axis, this.start, size);
      if (this.step === 1) return part;
      // Implemented by a reshape, because strided slices have no gradient in TensorFlow.js.
      const count = Math.ceil(size / this.step);
      const missing = count * this.step - size;
      const whole = tf.pad(
        part,
        x.shape.map((_, i) => [0, i === this.axis ? missing : 0]) as [number, number][],
      );
      const [before, after] = [x.shape.slice(0, this.axis), x.shape.slice(this.axis + 1)];
      const rows = tf.reshape(whole, [product(before) * count, this.step, product(after)]);
      return tf.reshape(along(rows, 1, 0, 1), [...before, count, ...after]);
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const count = Math.ceil((this.end - this.start) / this.step);
    return single<Shape>(inputShape).map((length, axis) => (axis === this.axis ? count : length));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { axis, start, end, step } = this;
    return { ...super.getConfig(), axis, start, end, step };
  }
}

function along(x: tf.Tensor, axis: number, start: number, size: number): tf.Tensor {
  const begin = x.shape.map((_, i) => (i === axis ? start : 0));
  return tf.slice(
    x,
    begin,
    x.shape.map((length, i) => (i === axis ? size : length)),
  );
}

function product(lengths: readonly number[]): number {
  return lengths.reduce((result, length) => result * length, 1);
}
