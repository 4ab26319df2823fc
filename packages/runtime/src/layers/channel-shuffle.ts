import * as tf from '@tensorflow/tfjs-core';
import { layers, type Shape } from '@tensorflow/tfjs-layers';
import { integer, single, wrong, type LayerConfig } from './config-values.js';

/**
 * Reorders channels: the first of each group, then the second of each, ... (ShuffleNet: Zhang et al. 2018).
 */
export class ChannelShuffle extends layers.Layer {
  static readonly className = 'TersorChannelShuffle';
  private readonly groups: number;

  constructor(config: LayerConfig) {
    super(config);
    this.groups = integer(config, 'groups', 1);
  }

  override build(inputShape: Shape | Shape[]): void {
    const channels = single<Shape>(inputShape).at(-1) ?? 0;
    if (channels % this.groups !== 0)
      throw wrong(this, 'groups', `a divisor of the ${channels} channels that it reads`);
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = single<tf.Tensor>(inputs);
      const grouped = tf.reshape(x, [-1, this.groups, x.shape.at(-1)! / this.groups]);
      return tf.reshape(tf.transpose(grouped, [0, 2, 1]), x.shape);
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return single<Shape>(inputShape);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), groups: this.groups };
  }
}
