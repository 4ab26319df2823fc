import * as tf from '@tensorflow/tfjs-core';
import { layers, type Shape } from '@tensorflow/tfjs-layers';
import { isList, type LayerConfig } from './config-values.js';

/**
 * An element-wise layer with two inputs. They are broadcast like in the merging layers of TensorFlow.js:
 * aligned at the last axis, with the batch first.
 */
abstract class TwoInputs extends layers.Layer {
  constructor(config: LayerConfig = {}) {
    super(config);
  }

  protected abstract combine(left: tf.Tensor, right: tf.Tensor): tf.Tensor;

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const both = this.both<tf.Tensor>(inputs);
      const rank = Math.max(...both.map((input) => input.rank));
      const [left, right] = both.map((input) => tf.reshape(input, withRank(input.shape, rank)));
      return this.combine(left!, right!);
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const both = this.both<Shape>(inputShape);
    const rank = Math.max(...both.map((shape) => shape.length));
    const [left, right] = both.map((shape) => withRank(shape, rank));
    return left!.map((size, axis) => {
      const other = right![axis]!;
      if (size === 1 || size === null) return size === null ? null : other;
      if (other !== null && other !== 1 && other !== size)
        throw new Error(`The inputs of "${this.name}" have ${size} and ${other} along axis ${axis}.`);
      return other === null ? null : size;
    });
  }

  private both<Input extends tf.Tensor | Shape>(inputs: Input | Input[]): readonly Input[] {
    const list = isList<Input>(inputs) ? inputs : [inputs];
    if (list.length === 2) return list;
    throw new Error(`The layer "${this.name}" takes two inputs, not ${list.length}.`);
  }
}

/** The first input minus the second. */
export class Subtract extends TwoInputs {
  static readonly className = 'TersorSubtract';

  protected override combine(left: tf.Tensor, right: tf.Tensor): tf.Tensor {
    return tf.sub(left, right);
  }
}

/** The first input divided by the second. */
export class Divide extends TwoInputs {
  static readonly className = 'TersorDivide';

  protected override combine(left: tf.Tensor, right: tf.Tensor): tf.Tensor {
    return tf.div(left, right);
  }
}

/** Inserts lengths of 1 after the batch, up to a rank. */
function withRank<Size>([batch, ...sizes]: readonly Size[], rank: number): Size[] {
  return [batch!, ...Array.from({ length: rank - 1 - sizes.length }, () => 1 as Size), ...sizes];
}
