import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, type LayerVariable, type Shape } from '@tensorflow/tfjs-layers';
import { integer, pair, single, word, wrong, type LayerConfig, type Pair } from './config-values.js';
import { windowsAlong } from './window.js';

/**
 * A grouped convolution: channels of input and output are in `groups` blocks, and each output block reads
 * only one input block. `kernel` is [height, width, inputs / groups, outputs].
 */
export class GroupedConv2D extends layers.Layer {
  static readonly className = 'TersorGroupedConv2D';
  private readonly filters: number;
  private readonly kernelSize: Pair;
  private readonly strides: Pair;
  private readonly dilationRate: Pair;
  private readonly padding: 'valid' | 'same';
  private readonly groups: number;
  private readonly useBias: boolean;
  private readonly activationName: string;
  private readonly activation: layers.Layer;
  private kernel: LayerVariable | undefined;
  private bias: LayerVariable | undefined;

  constructor(config: LayerConfig) {
    super(config);
    this.filters = integer(config, 'filters', 1);
    this.groups = integer(config, 'groups', 1);
    this.kernelSize = pair(config, 'kernelSize', 1);
    this.strides = pair(config, 'strides', 1, 1);
    this.dilationRate = pair(config, 'dilationRate', 1, 1);
    this.padding = word(config, 'padding', ['valid', 'same']);
    this.useBias = config['useBias'] !== false;
    this.activationName = String(config['activation'] ?? 'linear');
    this.activation = layers.activation({
      name: `${this.name}_activation`,
      activation: this.activationName as never,
    });
    if (this.filters % this.groups !== 0)
      throw wrong(this, 'filters', `a multiple of the ${this.groups} groups`);
    if (Math.max(...this.strides) > 1 && Math.max(...this.dilationRate) > 1)
      throw wrong(
        this,
        'dilation_rate',
        '1 where it has strides: TensorFlow.js computes no convolution with both',
      );
  }

  override build(inputShape: Shape | Shape[]): void {
    const inputs = single<Shape>(inputShape).at(-1) ?? 0;
    if (inputs < 1 || inputs % this.groups !== 0)
      throw wrong(this, 'groups', `a divisor of the ${inputs} channels that it reads`);
    const shape = [...this.kernelSize, inputs / this.groups, this.filters];
    this.kernel = this.addWeight('kernel', shape, 'float32', initializers.glorotUniform({}));
    if (this.useBias) this.bias = this.addWeight('bias', [this.filters], 'float32', initializers.zeros());
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const result = inGroups(single<tf.Tensor>(inputs), this.kernel!.read(), this.groups, (image, kernel) =>
        tf.conv2d(image, kernel, [...this.strides], this.padding, 'NHWC', [...this.dilationRate]),
      );
      const biased = this.bias ? tf.add(result, this.bias.read()) : result;
      return this.activation.call(biased, {}) as tf.Tensor;
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch, ...size] = single<Shape>(inputShape);
    const [height, width] = [0, 1].map((axis) => {
      const length = size[axis]!;
      const reach = this.padding === 'same' ? 1 : (this.kernelSize[axis]! - 1) * this.dilationRate[axis]! + 1;
      return windowsAlong(length, reach, this.strides[axis]!);
    });
    return [batch!, height!, width!, this.filters];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      filters: this.filters,
      kernelSize: [...this.kernelSize],
      strides: [...this.strides],
      padding: this.padding,
      dilationRate: [...this.dilationRate],
      groups: this.groups,
      useBias: this.useBias,
      activation: this.activationName,
    };
  }
}

/**
 * Convolves each block of channels of images [batch, height, width, channels] with its block of a kernel
 * [height, width, channels / groups, filters], one after the other.
 */
export function inGroups(
  image: tf.Tensor,
  kernel: tf.Tensor,
  groups: number,
  convolve: (image: tf.Tensor4D, kernel: tf.Tensor4D) => tf.Tensor4D,
): tf.Tensor4D {
  if (groups === 1) return convolve(image as tf.Tensor4D, kernel as tf.Tensor4D);
  const kernels = tf.split<tf.Tensor4D>(kernel, groups, 3);
  const images = tf.split<tf.Tensor4D>(image, groups, 3);
  return tf.concat(
    images.map((each, group) => convolve(each, kernels[group]!)),
    3,
  );
}
