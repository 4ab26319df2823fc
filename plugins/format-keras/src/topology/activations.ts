import { isRecord } from '@tersor/core';
import { activationLayer, activationWord, hardSigmoidLayer } from '@tersor/network';
import type { Part } from './part.js';

/** Keras 3's hard sigmoid, and the gate of MobileNetV3. */
const HARD_SIGMOID: Part = { ...hardSigmoidLayer(), ending: 'hard_sigmoid' };

/** `x` times its hard sigmoid. */
const HARD_SILU: readonly Part[] = [
  HARD_SIGMOID,
  { className: 'Multiply', config: {}, ending: 'hard_silu', inputs: [{ input: 0 }, 0] },
];

/**
 * An activation as layers that TensorFlow.js has; none for the identity. A string is the reason why that is
 * not possible. Keras 2 has the hard sigmoid of TensorFlow.js, Keras 3 another one.
 */
export function activationParts(value: unknown, generation: 2 | 3): readonly Part[] | string {
  const name = activationName(value);
  if (name === undefined) return `has the activation ${JSON.stringify(value)}`;
  if (name === 'linear') return [];
  if (name === 'leaky_relu') return [{ className: 'LeakyReLU', config: { alpha: 0.2 }, ending: name }];
  if (name === 'hard_sigmoid')
    return generation === 3 ? [HARD_SIGMOID] : [{ ...activationLayer('hardSigmoid'), ending: name }];
  if (name === 'hard_silu' || name === 'hard_swish') return HARD_SILU;
  const word = activationWord(name);
  return word === undefined ? `has the activation ${name}` : [{ ...activationLayer(word), ending: name }];
}

/** The name of an activation, which Keras writes as a string, or as a function or registered object. */
function activationName(value: unknown): string | undefined {
  if (value === null || value === undefined) return 'linear';
  if (typeof value === 'string') return value.slice(value.lastIndexOf('.') + 1);
  if (isRecord(value) && value['class_name'] === 'function') return activationName(value['config']);
  return undefined;
}
