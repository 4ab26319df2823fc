import type { GraphLayer } from '@tersor/core';
import type { LoweredLayer } from './lowered-layer.js';

/** Activation names of TensorFlow.js configs, by their names in files without case and underscores. */
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
 * The name in configs of an activation without parameters, from its name in any format: `Relu6` of
 * TensorFlow, `LogSoftmax` of ONNX, `log_softmax` and `silu` of Keras. `undefined` if TensorFlow.js has no
 * equivalent.
 */
export function activationWord(name: string): string | undefined {
  const plain = name.replaceAll('_', '').toLowerCase();
  return Object.hasOwn(WORDS, plain) ? WORDS[plain] : undefined;
}

/** An activation layer, by the activation's name in configs. */
export function activationLayer(activation: string): LoweredLayer {
  return { className: 'Activation', config: { activation } };
}

/** `min(max(alpha x + beta, 0), 1)`; by default with the numbers of MobileNetV3, PyTorch and Keras 3. */
export function hardSigmoidLayer(alpha = 1 / 6, beta = 1 / 2): LoweredLayer {
  return { className: 'TersorHardSigmoid', config: { alpha, beta } };
}

/** `min(max(x, 0), limit)`. */
export function limitedRelu(limit: number): LoweredLayer {
  if (limit === Infinity) return activationLayer('relu');
  return limit === 6 ? activationLayer('relu6') : { className: 'ReLU', config: { max_value: limit } };
}

/** The limit of a layer that computes exactly `min(max(x, 0), limit)`; `undefined` for any other layer. */
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
