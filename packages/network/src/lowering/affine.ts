import type { GraphLayer } from '@tersor/core';
import type { LoweredLayer } from './lowered-layer.js';

/** Operations on two operands that are broadcast like in NumPy. */
export type Combination = 'add' | 'subtract' | 'multiply' | 'divide' | 'maximum' | 'minimum';

/** Layer classes of the operations, for two operands that come from the network. */
export const COMBINING_LAYERS: Readonly<Record<Combination, string>> = {
  add: 'Add',
  subtract: 'TersorSubtract',
  multiply: 'Multiply',
  divide: 'TersorDivide',
  maximum: 'Maximum',
  minimum: 'Minimum',
};

/** `x * scale + offset`, with one number each or one per channel. */
export interface Affine {
  readonly scale: ArrayLike<number>;
  readonly offset: ArrayLike<number>;
}

/**
 * An operation on `x` and a constant as `x * scale + offset`; `undefined` if it is not affine.
 * @param isFirst whether `x` is the first operand
 */
export function affineWith(
  operation: Combination,
  constant: number,
  isFirst: boolean,
): { readonly scale: number; readonly offset: number } | undefined {
  switch (operation) {
    case 'add':
      return { scale: 1, offset: constant };
    case 'subtract':
      return isFirst ? { scale: 1, offset: -constant } : { scale: -1, offset: constant };
    case 'multiply':
      return { scale: constant, offset: 0 };
    case 'divide':
      return isFirst ? { scale: 1 / constant, offset: 0 } : undefined;
    default:
      return undefined;
  }
}

/** A layer for `x * scale + offset` with one number each. */
export function rescalingLayer(scale: number, offset: number): LoweredLayer {
  return { className: 'Rescaling', config: { scale, offset } };
}

/**
 * A layer for `x * scale + offset` with numbers per channel (the last axis), as a frozen batch norm: backends
 * fold it into the layer before it, its channels can be pruned, and training does not change it, since these
 * are constants in the file.
 */
export function channelAffine(scale: Float32Array, offset: Float32Array): LoweredLayer {
  const shape = [scale.length];
  return {
    className: 'BatchNormalization',
    config: { axis: -1, momentum: 0.99, epsilon: 0, center: true, scale: true, trainable: false },
    weights: [
      { name: 'gamma', shape, data: scale, trainable: true },
      { name: 'beta', shape, data: offset, trainable: true },
      { name: 'moving_mean', shape, data: new Float32Array(scale.length), trainable: false },
      { name: 'moving_variance', shape, data: new Float32Array(scale.length).fill(1), trainable: false },
    ],
  };
}

/**
 * Scale and offset of a layer that computes exactly `x * scale + offset` with constants: a `Rescaling`, or a
 * frozen batch norm along the last axis. `undefined` for any other layer.
 */
export function affineOf(layer: GraphLayer): Affine | undefined {
  const { className, config, weights } = layer;
  if (className === 'Rescaling') {
    const { scale = 1, offset = 0 } = config;
    return typeof scale === 'number' && typeof offset === 'number'
      ? { scale: [scale], offset: [offset] }
      : undefined;
  }
  const isFixed = className === 'BatchNormalization' && config['trainable'] === false;
  if (!isFixed || (config['axis'] ?? -1) !== -1) return undefined;
  const find = (name: string) => weights.find((weight) => weight.name === name)?.data;
  const [mean, variance] = [find('moving_mean'), find('moving_variance')];
  if (!mean || !variance) return undefined;
  const [gamma, beta] = [find('gamma'), find('beta')];
  const epsilon = Number(config['epsilon'] ?? 1e-3);
  const scale = variance.map((value, i) => (gamma?.[i] ?? 1) / Math.sqrt(value + epsilon));
  return { scale, offset: mean.map((value, i) => (beta?.[i] ?? 0) - value * scale[i]!) };
}
