import type { GraphLayer } from '@tersor/core';
import type { LoweredLayer } from './lowered-layer.js';

/** What files call activations, without case and underscores, as TensorFlow.js spells them in a config. */
const WORDS: Readonly<Record<string, string>> = {
  elu: 'elu',
  gelu: 'gelu',
  linear: 'linear',
  logsoftmax: 'logSoftmax',
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

/**
 * An activation without settings as the word that a config has for it, whoever named it: `Relu6` of
 * TensorFlow, `LogSoftmax` of ONNX, `log_softmax` and `silu` of Keras. `undefined` where TensorFlow.js has
 * none that computes the same.
 */
export function activationWord(name: string): string | undefined {
  const plain = name.replaceAll('_', '').toLowerCase();
  return Object.hasOwn(WORDS, plain) ? WORDS[plain] : undefined;
}

/** An activation by its word, as a layer. */
export function activationLayer(activation: string): LoweredLayer {
  return { className: 'Activation', config: { activation } };
}

/** `min(max(alpha x + beta, 0), 1)`; without numbers the gate of MobileNetV3, PyTorch's and Keras 3's. */
export function hardSigmoidLayer(alpha = 1 / 6, beta = 1 / 2): LoweredLayer {
  return { className: 'TersorHardSigmoid', config: { alpha, beta } };
}

/** `min(max(x, 0), limit)`. */
export function limitedRelu(limit: number): LoweredLayer {
  if (limit === Infinity) return activationLayer('relu');
  return limit === 6 ? activationLayer('relu6') : { className: 'ReLU', config: { max_value: limit } };
}

/** The limit of a layer that is no more than `min(max(x, 0), limit)`; `undefined` for any other layer. */
export function reluLimit({
  className,
  config,
}: Pick<GraphLayer, 'className' | 'config'>): number | undefined {
  if (className === 'Activation')
    return config['activation'] === 'relu' ? Infinity : config['activation'] === 'relu6' ? 6 : undefined;
  const isPlain = [config['negative_slope'], config['threshold']].every((value) => (value ?? 0) === 0);
  if (className !== 'ReLU' || !isPlain) return undefined;
  return Number(config['max_value'] ?? Infinity);
}
