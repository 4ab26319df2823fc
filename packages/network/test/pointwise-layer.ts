import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { followWeights } from '../src/layers/channel-rules.js';
import type { LayerFacts, WeightAxis } from '../src/layers/layer-facts.js';

/**
 * A layer of somebody else's: a pointwise convolution whose kernel has its outputs first, `[units, inputs]`.
 * All that Tersor is told about it stands in this file.
 */
export class PointwiseLayer extends tfl.layers.Layer {
  static readonly className = 'TestPointwise';
  private readonly units: number;
  private kernel: tfl.LayerVariable | undefined;

  constructor(config: { readonly name?: string; readonly units: number }) {
    super(config.name === undefined ? {} : { name: config.name });
    this.units = config.units;
  }

  override build(inputShape: tfl.Shape): void {
    const initializer = tfl.initializers.randomNormal({ seed: 3 });
    this.kernel = this.addWeight('kernel', [this.units, inputShape.at(-1)!], 'float32', initializer);
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    return tf.tidy(() => {
      const rows = tf.reshape(x, [-1, x.shape.at(-1)!]);
      const product = tf.matMul(rows, this.kernel!.read() as tf.Tensor2D, false, true);
      return tf.reshape(product, [...x.shape.slice(0, -1), this.units]);
    });
  }

  override computeOutputShape(inputShape: tfl.Shape): tfl.Shape {
    return [...inputShape.slice(0, -1), this.units];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), units: this.units };
  }
}

tf.serialization.registerClass(
  PointwiseLayer as unknown as tf.serialization.SerializableConstructor<PointwiseLayer>,
);

const WEIGHTS: readonly WeightAxis[] = [
  { weight: 'kernel', rank: 2, axis: 1, role: 'consumes', of: 'inputs' },
  { weight: 'kernel', rank: 2, axis: 0, role: 'produces', of: 'outputs' },
];

/** What is known of it. */
export const POINTWISE_FACTS: LayerFacts = {
  className: PointwiseLayer.className,
  channels: { how: 'mixed by the kernel', rule: followWeights(WEIGHTS) },
  weights: WEIGHTS,
  resized: (config, outputShape) => ({ ...config, units: outputShape.at(-1) }),
  positions: 'output',
  operations: ({ layer: { weights } }) => {
    const { data, shape } = weights[0]!;
    const [units, inputs] = shape as [number, number];
    const turned = Float32Array.from(data, (_, i) => data[(i % units) * inputs + Math.floor(i / units)]!);
    return [
      {
        operation: {
          kind: 'convolution',
          kernel: { shape: [1, 1, inputs, units], data: turned },
          strides: [1, 1],
          dilation: [1, 1],
          padding: 'valid',
        },
      },
    ];
  },
};
