import { activationLayer, activationWord, Refusal, rescalingLayer, type LoweredLayer } from '@tersor/network';
import { number } from '../node.js';
import { anyTensor, apply, asInFile, tensorAt, type Operator, type Site } from '../site.js';
import { constantOf, type Tensor, type Value } from '../value.js';

/** Elementwise operators of one tensor, as layers. */
const LAYERS: Readonly<Record<string, LoweredLayer>> = {
  ...Object.fromEntries(
    ['Relu', 'Relu6', 'Elu', 'Selu', 'Sigmoid', 'Tanh', 'Softplus', 'Softsign'].map((op) => [
      op,
      activationLayer(activationWord(op)!),
    ]),
  ),
  Square: power(2),
  Sqrt: power(0.5),
  Rsqrt: power(-0.5),
  Reciprocal: power(-1),
  Inv: power(-1),
  Neg: rescalingLayer(-1, 0),
};

/** The layer that raises `x` to a power. */
export function power(exponent: number): LoweredLayer {
  return { className: 'TersorPower', config: { exponent } };
}

/** A leaky ReLU with a slope for each channel, or for each value. */
export function prelu(site: Site, given: Tensor, slopes: Value | undefined): Tensor {
  const x = asInFile(site, given);
  const { dims, data } = constantOf(slopes, 'slopes');
  const own = dims.length === x.shape.length + 1 && dims[0] === 1 ? dims.slice(1) : dims;
  const shape = x.shape.map((_, axis) => own[axis - x.shape.length + own.length] ?? 1);
  const fits = shape.every((length, axis) => length === 1 || length === x.shape[axis]);
  if (!fits || own.length > x.shape.length || (shape.at(-1) === 1 && data.length > 1))
    throw new Refusal(`has slopes of shape [${dims.join(', ')}]`);
  if (data.length === 1) return apply(site, x, { className: 'LeakyReLU', config: { alpha: data[0]! } });
  return apply(site, x, {
    className: 'PReLU',
    config: { shared_axes: shape.flatMap((length, axis) => (length === 1 ? [axis + 1] : [])) },
    weights: [{ shape, data: Float32Array.from(data) }],
  });
}

const softmax =
  (activation: string): Operator =>
  (site) =>
    apply(site, tensorAt(site, 0), activationLayer(activation));

/** Operators of one tensor that keep its shape. */
export const ACTIVATION_OPERATORS: Readonly<Record<string, Operator>> = {
  ...Object.fromEntries(
    Object.entries(LAYERS).map(([op, layer]): [string, Operator] => [
      op,
      (site) => apply(site, anyTensor(site, 0), layer),
    ]),
  ),
  Softmax: softmax('softmax'),
  LogSoftmax: softmax('logSoftmax'),
  LeakyRelu: (site) =>
    apply(site, anyTensor(site, 0), {
      className: 'LeakyReLU',
      config: { alpha: number(site.node, 'alpha', 0.2) },
    }),
  Prelu: (site) => prelu(site, anyTensor(site, 0), site.inputs[1]),
  Abs: (site) => {
    const x = anyTensor(site, 0);
    const negative = apply(site, x, { ...rescalingLayer(-1, 0), ending: 'negative' });
    return { ...x, layer: site.add({ className: 'Maximum', inputs: [x, negative], shape: x.shape }).layer };
  },
};
