import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

/**
 * A tfjs layer that simulates the activations of an integer runtime: like `fakeQuantize`, it rounds its input
 * to the `2 ** bits` levels between `least` and `most`. It has no weights. Its gradient is 1 within the range
 * and 0 outside (the straight-through estimator, Bengio et al. 2013, with the clipping of PACT: Choi et al.
 * 2018). It is an ordinary tfjs layer, so every backend runs it like any layer without an inference
 * operation.
 */
export class ActivationQuantizer extends tfl.layers.Layer {
  /** Has our prefix, because tfjs keeps the class names of all packages in one table. */
  static readonly className = 'TersorActivationQuantizer';
  private readonly bits: number;
  private readonly least: number;
  private readonly most: number;

  constructor(config: {
    readonly name?: string;
    readonly bits: number;
    readonly least: number;
    readonly most: number;
  }) {
    super(config.name === undefined ? {} : { name: config.name });
    ({ bits: this.bits, least: this.least, most: this.most } = config);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    return tf.tidy(() => roundActivations(x, this.least, this.most, this.bits));
  }

  override computeOutputShape(inputShape: tfl.Shape): tfl.Shape {
    return inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), bits: this.bits, least: this.least, most: this.most };
  }
}

/**
 * Registers the layer with tfjs, which finds the classes of a topology by name. Calling this twice is
 * harmless.
 */
export function registerActivationQuantizer(): void {
  tf.serialization.registerClass(
    ActivationQuantizer as unknown as tf.serialization.SerializableConstructor<ActivationQuantizer>,
  );
}

function roundActivations(x: tf.Tensor, least: number, most: number, bits: number): tf.Tensor {
  const top = 2 ** bits - 1;
  const scale = (most - least) / top;
  if (!(scale > 0)) return tf.zerosLike(x);
  const zero = Math.round(-least / scale);
  const round = tf.customGrad((values, save) => {
    const input = values as tf.Tensor;
    (save as tf.GradSaveFunc)([input]);
    // Not tf.round: backends round halves differently.
    const level = tf.clipByValue(tf.floor(tf.add(tf.div(input, scale), 0.5)), -zero, top - zero);
    return {
      value: tf.mul(level, scale),
      gradFunc: (dy, [saved]) =>
        tf.mul(
          dy,
          tf.cast(
            tf.logicalAnd(tf.greaterEqual(saved!, -zero * scale), tf.lessEqual(saved!, (top - zero) * scale)),
            'float32',
          ),
        ),
    };
  });
  return round(x);
}
