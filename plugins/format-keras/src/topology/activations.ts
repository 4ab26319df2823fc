import { isRecord } from './keras-layer.js';
import type { Part } from './part.js';

/** Activations that TensorFlow.js computes as Keras does, by Keras's names. */
const STOCK: Readonly<Record<string, string>> = {
  linear: 'linear',
  elu: 'elu',
  gelu: 'gelu',
  log_softmax: 'logSoftmax',
  mish: 'mish',
  relu: 'relu',
  relu6: 'relu6',
  selu: 'selu',
  sigmoid: 'sigmoid',
  silu: 'swish',
  softmax: 'softmax',
  softplus: 'softplus',
  softsign: 'softsign',
  swish: 'swish',
  tanh: 'tanh',
};

/** `min(max(x / 6 + 1 / 2, 0), 1)`: Keras 3's, and the gate of MobileNetV3. */
export const HARD_SIGMOID: Part = {
  className: 'TersorHardSigmoid',
  config: { alpha: 1 / 6, beta: 0.5 },
  ending: 'hard_sigmoid',
};

/** `x` times its hard sigmoid. */
const HARD_SILU: readonly Part[] = [
  HARD_SIGMOID,
  { className: 'Multiply', config: {}, ending: 'hard_silu', inputs: [{ input: 0 }, 0] },
];

/**
 * An activation as layers that TensorFlow.js has, none for the identity. A text says why there are none.
 * Keras 2 has another hard sigmoid than Keras 3, the one of TensorFlow.js.
 */
export function activationParts(value: unknown, generation: 2 | 3): readonly Part[] | string {
  const name = activationName(value);
  if (name === undefined) return `has the activation ${JSON.stringify(value)}`;
  if (name === 'linear') return [];
  if (name === 'leaky_relu') return [{ className: 'LeakyReLU', config: { alpha: 0.2 }, ending: name }];
  if (name === 'hard_sigmoid')
    return generation === 3 ? [HARD_SIGMOID] : [{ ...stock('hardSigmoid'), ending: name }];
  if (name === 'hard_silu' || name === 'hard_swish') return HARD_SILU;
  return Object.hasOwn(STOCK, name)
    ? [{ ...stock(STOCK[name]!), ending: name }]
    : `has the activation ${name}`;
}

function stock(activation: string): Part {
  return { className: 'Activation', config: { activation } };
}

/** The name of an activation, which Keras writes as a text, or as a function or a registered object. */
function activationName(value: unknown): string | undefined {
  if (value === null || value === undefined) return 'linear';
  if (typeof value === 'string') return value.slice(value.lastIndexOf('.') + 1);
  if (isRecord(value) && value['class_name'] === 'function') return activationName(value['config']);
  return undefined;
}
