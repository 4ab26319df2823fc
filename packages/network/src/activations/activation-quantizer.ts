import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

/**
 * A tfjs layer that rounds its input to the `2 ** bits` levels between `least` and `most`, as `fakeQuantize`
 * does: what an integer runtime's activations lose. It has no weights. Its gradient is 1 within the range and
 * 0 outside (the straight-through estimator, Bengio et al. 2013, with the clipping of PACT: Choi et al.
 * 2018). Being a stock layer to tfjs, it runs on every backend as any layer does that inference plans do not
 * know.
 */
export class ActivationQuantizer extends tfl.layers.Layer {
  /** tfjs finds layers by this name in one table for all packages, so it carries ours. */
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
 * Registers the layer with tfjs, which finds the classes of a topology by their names. Calling it twice is
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
    // Not tf.round: backends differ on halves.
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
