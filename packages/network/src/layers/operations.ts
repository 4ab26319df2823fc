import type { GraphLayer } from '@tersor/core';
import type { PlanActivation, PlanOperation, PlanWeight } from '../inference/plan-step.js';
import type { EmittedOperation } from './layer-facts.js';
import { isPadding, pairOf } from './window.js';

/** Activations of inference plans, by their names in configs. */
const ACTIVATIONS: Readonly<Record<string, PlanActivation>> = {
  relu: { name: 'relu' },
  relu6: { name: 'relu6' },
  sigmoid: { name: 'sigmoid' },
  tanh: { name: 'tanh' },
  elu: { name: 'elu' },
  softmax: { name: 'softmax' },
};

/** A weight of a layer in the form of an inference plan. */
export function planWeight(layer: GraphLayer, name: string): PlanWeight | undefined {
  const found = layer.weights.find((candidate) => candidate.name === name);
  return found && { shape: found.shape, data: found.data };
}

/** The bias of an operation, if the layer has one. */
export function planBias(layer: GraphLayer): { bias?: PlanWeight } {
  const found = planWeight(layer, 'bias');
  return found ? { bias: found } : {};
}

/** The activation in a config as operations: empty if it is linear, `undefined` if plans do not have it. */
export function activationOnly(config: GraphLayer['config']): readonly EmittedOperation[] | undefined {
  const name = String(config['activation'] ?? 'linear');
  if (name === 'linear') return [];
  const activation = ACTIVATIONS[name];
  return activation && [{ operation: { kind: 'activation' }, activation }];
}

/** An operation followed by its layer's activation; `undefined` if plans do not have that activation. */
export function withActivation(
  operation: PlanOperation,
  layer: GraphLayer,
): readonly EmittedOperation[] | undefined {
  const activation = activationOnly(layer.config);
  return activation && [{ operation }, ...activation];
}

/** Pooling over a window of rows and columns. */
export function poolOperation(
  kind: 'max-pool' | 'average-pool',
  config: GraphLayer['config'],
): readonly EmittedOperation[] | undefined {
  const padding = config['padding'];
  const size = pairOf(config['pool_size'] ?? 2);
  const strides = pairOf(config['strides'] ?? config['pool_size'] ?? 2);
  if (!isPadding(padding) || !size || !strides) return undefined;
  return [{ operation: { kind, size, strides, padding } }];
}
