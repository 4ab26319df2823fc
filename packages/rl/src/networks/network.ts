import { product, transposedProduct } from './matmul.js';
import { transposed, type Random } from '@tersor/core';

export type Activation = 'relu' | 'tanh' | 'sigmoid' | 'linear';

/**
 * A multi-layer perceptron: its shape only. Parameters are a flat vector that the caller owns: per layer the
 * kernel [in, out], then the bias [out].
 */
export interface Network {
  /** Values of the input, of each hidden layer, of the output. */
  readonly sizes: readonly number[];
  readonly hidden: Activation;
  readonly output: Activation;
}

/** How many parameters a network has. */
export function parameterCount({ sizes }: Network): number {
  return layersOf(sizes).reduce((count, { inputs, outputs }) => count + (inputs + 1) * outputs, 0);
}

/**
 * Draws parameters uniformly in ±1/sqrt(inputs) (DDPG, supplementary section 7); the last layer's are
 * multiplied by `outputScale`, which keeps a new policy near the middle of its range.
 */
export function initializeParameters(network: Network, random: Random, outputScale = 1): Float32Array {
  const parameters = new Float32Array(parameterCount(network));
  const layers = layersOf(network.sizes);
  layers.forEach(({ start, inputs, outputs }, index) => {
    const bound = (index === layers.length - 1 ? outputScale : 1) / Math.sqrt(inputs);
    for (let i = start; i < start + (inputs + 1) * outputs; i++)
      parameters[i] = bound * (2 * random.uniform() - 1);
  });
  return parameters;
}

/**
 * Runs a batch through the network. `input` is [batch, sizes[0]], row-major.
 *
 * @returns The values of every layer, the input first and the output last: what `backward` needs.
 */
export function forward(
  network: Network,
  parameters: Float32Array,
  input: Float32Array,
  batch: number,
): Float32Array[] {
  const values = [input];
  const layers = layersOf(network.sizes);
  layers.forEach(({ start, inputs, outputs }, index) => {
    const kernel = parameters.subarray(start, start + inputs * outputs);
    const bias = parameters.subarray(start + inputs * outputs, start + (inputs + 1) * outputs);
    const out = product(values[index]!, kernel, batch, inputs, outputs);
    for (let at = 0; at < out.length; at += outputs)
      for (let i = 0; i < outputs; i++) out[at + i] = out[at + i]! + bias[i]!;
    activate(out, index === layers.length - 1 ? network.output : network.hidden);
    values.push(out);
  });
  return values;
}

/**
 * Propagates a loss's gradient back through the network.
 *
 * @param values What `forward` gave.
 * @param outputGradient Gradient by the output, [batch, last size]; overwritten.
 * @param parameterGradient Where the gradient by the parameters is written; without it only the input's is
 * computed.
 * @returns Gradient by the input, [batch, sizes[0]].
 */
export function backward(
  network: Network,
  parameters: Float32Array,
  values: readonly Float32Array[],
  outputGradient: Float32Array,
  batch: number,
  parameterGradient?: Float32Array,
): Float32Array {
  let gradient = outputGradient;
  const layers = layersOf(network.sizes);
  for (let index = layers.length - 1; index >= 0; index--) {
    const { start, inputs, outputs } = layers[index]!;
    multiplyByDerivative(
      gradient,
      values[index + 1]!,
      index === layers.length - 1 ? network.output : network.hidden,
    );
    const end = start + inputs * outputs;
    if (parameterGradient) {
      parameterGradient.set(transposedProduct(values[index]!, gradient, inputs, batch, outputs), start);
      const bias = parameterGradient.subarray(end, end + outputs).fill(0);
      for (let at = 0; at < gradient.length; at += outputs)
        for (let i = 0; i < outputs; i++) bias[i] = bias[i]! + gradient[at + i]!;
    }
    // gradient Wᵀ, as the transpose of W gradientᵀ: the batch is smaller than the kernel.
    const turned = product(
      parameters.subarray(start, end),
      transposed(gradient, batch, outputs),
      inputs,
      outputs,
      batch,
    );
    gradient = transposed(turned, inputs, batch);
  }
  return gradient;
}

/** `target = tau * source + (1 - tau) * target`: Polyak averaging of target networks (DDPG, algorithm 1). */
export function softUpdate(target: Float32Array, source: Float32Array, tau: number): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + tau * (source[i]! - target[i]!);
}

/** Logistic function. */
export function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

interface Layer {
  readonly start: number;
  readonly inputs: number;
  readonly outputs: number;
}

function layersOf(sizes: readonly number[]): Layer[] {
  let start = 0;
  return sizes.slice(1).map((outputs, i) => {
    const layer = { start, inputs: sizes[i]!, outputs };
    start += (layer.inputs + 1) * outputs;
    return layer;
  });
}

function activate(values: Float32Array, activation: Activation): void {
  if (activation === 'linear') return;
  if (activation === 'relu') for (let i = 0; i < values.length; i++) values[i] = Math.max(0, values[i]!);
  else if (activation === 'tanh') for (let i = 0; i < values.length; i++) values[i] = Math.tanh(values[i]!);
  else for (let i = 0; i < values.length; i++) values[i] = sigmoid(values[i]!);
}

/** Multiplies by the activation's derivative, written in terms of its value. */
function multiplyByDerivative(gradient: Float32Array, values: Float32Array, activation: Activation): void {
  if (activation === 'linear') return;
  for (let i = 0; i < gradient.length; i++) {
    const value = values[i]!;
    if (activation === 'relu') gradient[i] = value > 0 ? gradient[i]! : 0;
    else gradient[i] = gradient[i]! * (activation === 'tanh' ? 1 - value * value : value * (1 - value));
  }
}
