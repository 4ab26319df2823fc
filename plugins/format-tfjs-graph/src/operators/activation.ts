import { number } from '../node.js';
import type { Operator, Site } from '../site.js';
import { constantOf, Refusal, tensorOf, type Tensor, type Value } from '../value.js';

/** Activations by TensorFlow's names, as layers. */
const ACTIVATIONS: Readonly<Record<string, readonly [className: string, config: Record<string, unknown>]>> = {
  Relu: ['ReLU', {}],
  Relu6: ['ReLU', { max_value: 6 }],
  Elu: ['Activation', { activation: 'elu' }],
  Selu: ['Activation', { activation: 'selu' }],
  Sigmoid: ['Activation', { activation: 'sigmoid' }],
  Tanh: ['Activation', { activation: 'tanh' }],
  Softplus: ['Activation', { activation: 'softplus' }],
  Softmax: ['Softmax', { axis: -1 }],
  Square: ['TersorPower', { exponent: 2 }],
  Sqrt: ['TersorPower', { exponent: 0.5 }],
  Rsqrt: ['TersorPower', { exponent: -0.5 }],
  Reciprocal: ['TersorPower', { exponent: -1 }],
  Neg: ['Rescaling', { scale: -1, offset: 0 }],
};

/** A layer of one input that leaves the shape as it is. */
export function activation(
  site: Site,
  x: Tensor,
  className: string,
  config: Readonly<Record<string, unknown>>,
  ending?: string,
): Tensor {
  return site.add({
    className,
    config,
    inputs: [x],
    shape: x.shape,
    ...(ending !== undefined && { ending }),
  });
}

/** A leaky ReLU with a slope for each channel. */
export function prelu(site: Site, x: Tensor, slopes: Value | undefined): Tensor {
  const { shape, data } = constantOf(slopes, 'slopes');
  const channels = x.shape.at(-1);
  if (data.length !== channels || shape.at(-1) !== channels)
    throw new Refusal(`has slopes of shape [${shape.join(', ')}]`);
  const shared = x.shape.slice(0, -1);
  return site.add({
    className: 'PReLU',
    config: { shared_axes: shared.map((_, axis) => axis + 1) },
    inputs: [x],
    shape: x.shape,
    weights: [{ shape: [...shared.map(() => 1), channels], data: Float32Array.from(data) }],
  });
}

const plain = ([name, [className, config]]: [string, readonly [string, Record<string, unknown>]]): [
  string,
  Operator,
] => [name, (site) => activation(site, tensorOf(site.inputs[0]), className, config)];

/** Operators of one tensor, value by value. */
export const ACTIVATION_OPERATORS: Readonly<Record<string, Operator>> = {
  ...Object.fromEntries(Object.entries(ACTIVATIONS).map(plain)),
  LeakyRelu: (site) =>
    activation(site, tensorOf(site.inputs[0]), 'LeakyReLU', { alpha: number(site.node, 'alpha', 0.2) }),
  Prelu: (site) => prelu(site, tensorOf(site.inputs[0]), site.inputs[1]),
  Abs: (site) => {
    const x = tensorOf(site.inputs[0]);
    const negative = activation(site, x, 'Rescaling', { scale: -1, offset: 0 }, 'negative');
    return site.add({ className: 'Maximum', inputs: [x, negative], shape: x.shape });
  },
};
