import * as tf from '@tensorflow/tfjs-core';
import { layers, type Shape } from '@tensorflow/tfjs-layers';
import {
  finite,
  sides,
  single,
  word,
  wrong,
  type LayerConfig,
  type Pair,
  type Sides,
} from './config-values.js';
import { paddedSize } from './window.js';

/** Pads images with a constant, their edges, or a reflection. */
export class Pad2D extends layers.Layer {
  static readonly className = 'TersorPad2D';
  private readonly padding: Sides;
  private readonly mode: 'constant' | 'reflect' | 'edge';
  private readonly value: number;

  constructor(config: LayerConfig) {
    super(config);
    this.padding = sides(config, 'padding');
    this.mode = word(config, 'mode', ['constant', 'reflect', 'edge']);
    this.value = finite(config, 'value', 0);
  }

  override build(inputShape: Shape | Shape[]): void {
    const [, ...size] = single<Shape>(inputShape);
    this.padding.forEach((around, axis) => {
      if (this.mode === 'reflect' && Math.max(...around) >= (size[axis] ?? Infinity))
        throw wrong(this, 'padding', `less than the ${size[axis]} rows or columns that it reflects`);
    });
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = single<tf.Tensor>(inputs);
      if (this.mode === 'constant')
        return tf.pad(x, [[0, 0], [...this.padding[0]], [...this.padding[1]], [0, 0]], this.value);
      const around = this.mode === 'edge' ? withEdges : withReflections;
      return this.padding.reduce((image, each, axis) => around(image, axis + 1, each), x);
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shape = single<Shape>(inputShape);
    return [shape[0]!, ...paddedSize(shape, this.padding), shape[3]!];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const padding = this.padding.map((side) => [...side]);
    return { ...super.getConfig(), padding, mode: this.mode, value: this.value };
  }
}

/** Repeats the first and the last index of an axis. */
function withEdges(x: tf.Tensor, axis: number, [before, after]: Pair): tf.Tensor {
  const repeated = (index: number, times: number) =>
    tf.tile(
      along(x, axis, index, 1),
      x.shape.map((_, i) => (i === axis ? times : 1)),
    );
  return joined(axis, [
    ...(before > 0 ? [repeated(0, before)] : []),
    x,
    ...(after > 0 ? [repeated(x.shape[axis]! - 1, after)] : []),
  ]);
}

/** Mirrors an axis at its first and last index. */
function withReflections(x: tf.Tensor, axis: number, [before, after]: Pair): tf.Tensor {
  const mirrored = (start: number, size: number) => tf.reverse(along(x, axis, start, size), axis);
  return joined(axis, [
    ...(before > 0 ? [mirrored(1, before)] : []),
    x,
    ...(after > 0 ? [mirrored(x.shape[axis]! - 1 - after, after)] : []),
  ]);
}

function along(x: tf.Tensor, axis: number, start: number, size: number): tf.Tensor {
  const begin = x.shape.map((_, i) => (i === axis ? start : 0));
  return tf.slice(
    x,
    begin,
    x.shape.map((length, i) => (i === axis ? size : length)),
  );
}

function joined(axis: number, parts: readonly tf.Tensor[]): tf.Tensor {
  return parts.length === 1 ? parts[0]! : tf.concat([...parts], axis);
}
