import type { GraphLayer } from '@tersor/core';
import type { LoweredLayer } from './lowered-layer.js';

/** Operations of two operands, spread over each other as NumPy does. */
export type Combination = 'add' | 'subtract' | 'multiply' | 'divide' | 'maximum' | 'minimum';

/** The layer of each operation, where both operands come from the network. */
export const COMBINING_LAYERS: Readonly<Record<Combination, string>> = {
  add: 'Add',
  subtract: 'TersorSubtract',
  multiply: 'Multiply',
  divide: 'TersorDivide',
  maximum: 'Maximum',
  minimum: 'Minimum',
};

/** `x * scale + offset`: of one number each, or of one for each channel. */
export interface Affine {
  readonly scale: ArrayLike<number>;
  readonly offset: ArrayLike<number>;
}

/**
 * What an operation with a constant does to `x`, as `x * scale + offset`; `undefined` where that is not
 * affine.
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

/** `x * scale + offset` of one number each. */
export function rescalingLayer(scale: number, offset: number): LoweredLayer {
  return { className: 'Rescaling', config: { scale, offset } };
}

/**
 * `x * scale + offset` of a number for each channel (the last axis), as a batch norm whose statistics are
 * fixed: backends fold it into the layer before it, its channels can be pruned, and training leaves it as it
 * is, since the file has constants there.
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
 * What a layer computes that is no more than `x * scale + offset` with constants of its file: a `Rescaling`,
 * or a batch norm along the last axis that is never trained. `undefined` for any other layer.
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
