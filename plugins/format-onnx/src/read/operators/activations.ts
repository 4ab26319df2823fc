import { Refusal, activationLayer, activationWord, hardSigmoidLayer, limitedRelu } from '@tersor/network';
import { float, integer, text } from '../attributes.js';
import { weight, withLast, type NewLayer } from '../builder.js';
import { lengthOf, type Tensor } from '../layout/tensor.js';
import { GELU_BY_TANH } from '../spelled-out.js';
import {
  axisAt,
  constantAt,
  optionalConstant,
  scalarOf,
  tensorAt,
  type Lowering,
  type Site,
} from '../site.js';
import { aligned, scaleShift } from './affine.js';

/** A Keras activation without parameters. */
const named =
  (name: string): Lowering =>
  (site) => [site.build.apply(activationLayer(name), tensorAt(site, 0))];

/** A layer with parameters from the node's attributes. */
const layered =
  (layer: (site: Site) => NewLayer): Lowering =>
  (site) => [site.build.apply(layer(site), tensorAt(site, 0))];

/** Clips values at two limits, with a limited ReLU, shifted if the lower limit is not 0. */
export function clipped(build: Site['build'], x: Tensor, low: number, high: number): Tensor {
  if (low === -Infinity && high === Infinity) return x;
  if (low === -Infinity) {
    const turned = build.apply(limitedRelu(Infinity), scaleShift(build, x, -1, high));
    return scaleShift(build, turned, -1, high);
  }
  const moved = low === 0 ? x : scaleShift(build, x, 1, -low);
  const range = high - low;
  if (!(range > 0)) throw new Refusal(`cuts values at ${low} and ${high}`);
  const cut = build.apply(limitedRelu(range), moved);
  return low === 0 ? cut : scaleShift(build, cut, 1, low);
}

const LARGEST = 3.4e38;

/** The limits are attributes before opset 11, and inputs since. */
const clip: Lowering = (site) => {
  const limit = (name: string, input: number, otherwise: number) => {
    const constant = optionalConstant(site, input);
    const value = constant ? scalarOf(constant) : float(site.node, name, otherwise);
    return Math.abs(value) > LARGEST ? Math.sign(value) * Infinity : value;
  };
  return [clipped(site.build, tensorAt(site, 0), limit('min', 1, -Infinity), limit('max', 2, Infinity))];
};

const SELU = { alpha: 1.6732631921768188, gamma: 1.0507010221481323 };

/** `alpha * elu(x) + (1 - alpha) * relu(x)`, where Keras has no ELU with that alpha. */
function elu(build: Site['build'], x: Tensor, alpha: number): Tensor {
  const whole = build.apply(activationLayer('elu'), x);
  if (alpha === 1) return whole;
  const below = scaleShift(build, whole, alpha, 0);
  const above = scaleShift(build, build.apply(activationLayer('relu'), x), 1 - alpha, 0);
  return { ...x, call: build.call({ className: 'Add' }, [below, above], x.lies.map(lengthOf)) };
}

const selu: Lowering = (site) => {
  const { node, build } = site;
  const alpha = float(node, 'alpha', SELU.alpha);
  const gamma = float(node, 'gamma', SELU.gamma);
  if (Math.abs(alpha - SELU.alpha) < 1e-4 && Math.abs(gamma - SELU.gamma) < 1e-4)
    return [build.apply(activationLayer('selu'), tensorAt(site, 0))];
  return [scaleShift(build, elu(build, tensorAt(site, 0), alpha), gamma, 0)];
};

/** `alpha * elu(x / alpha)`. */
const celu: Lowering = (site) => {
  const { node, build } = site;
  const alpha = float(node, 'alpha', 1);
  const curved = build.apply(activationLayer('elu'), scaleShift(build, tensorAt(site, 0), 1 / alpha, 0));
  return [scaleShift(build, curved, alpha, 0)];
};

const pRelu: Lowering = (site) => {
  const { build } = site;
  const given = constantAt(site, 1);
  const { data } = given;
  // Before opset 7 it had a value for each channel.
  const isOld = site.opset < 7 && given.dims.length === 1 && data.length > 1;
  const channels = [
    data.length,
    ...tensorAt(site, 0)
      .axes.slice(1)
      .map(() => 1),
  ];
  const slope = isOld ? { ...given, dims: channels } : given;
  const { x, at } = aligned(build, tensorAt(site, 0), slope);
  if (slope.data.length === 1)
    return [build.apply({ className: 'LeakyReLU', config: { alpha: slope.data[0]! } }, x)];
  const size = lengthOf(x.lies.at(-1)!);
  const shape = x.lies.map((_lies, i) => (i === x.lies.length - 1 ? size : 1));
  return [
    build.apply(
      {
        className: 'PReLU',
        config: { shared_axes: shape.slice(1).map((_size, i) => i + 1) },
        weights: [
          weight(
            'alpha',
            shape,
            Float32Array.from({ length: size }, (_, i) => at(i)),
          ),
        ],
      },
      x,
    ),
  ];
};

/** Before opset 13, all axes from the given one on are treated as one. */
const softmax =
  (name: string): Lowering =>
  (site) => {
    const { node, opset, build } = site;
    const x = tensorAt(site, 0);
    const rank = x.axes.length + 1;
    const axis = axisAt(integer(node, 'axis', opset < 13 ? 1 : -1), rank) - 1;
    if (axis < 0) throw new Refusal('works along the batch');
    const axes = opset < 13 ? x.axes.map((_axis, i) => i).slice(axis) : [axis];
    return [build.apply(activationLayer(name), withLast(build, x, axes))];
  };

const hardSwish: Lowering = (site) => {
  const { build } = site;
  const x = tensorAt(site, 0);
  const gate = build.apply(hardSigmoidLayer(), x);
  return [gated(build, x, gate)];
};

/** The product of a tensor and what was made from it. */
function gated(build: Site['build'], x: Tensor, gate: Tensor): Tensor {
  const call = build.call({ className: 'Multiply' }, [x, gate], x.lies.map(lengthOf));
  return { ...x, call };
}

export const ACTIVATIONS: Readonly<Record<string, Lowering>> = {
  ...Object.fromEntries(
    ['Relu', 'Sigmoid', 'Tanh', 'Softplus', 'Softsign', 'Mish'].map((type) => [
      type,
      named(activationWord(type)!),
    ]),
  ),
  Swish: (site) => {
    if (float(site.node, 'alpha', 1) !== 1) throw new Refusal('has an alpha other than 1');
    return named('swish')(site);
  },
  Gelu: (site) => named(text(site.node, 'approximate', 'none') === 'tanh' ? 'gelu_new' : 'gelu')(site),
  [GELU_BY_TANH]: named('gelu_new'),
  LeakyRelu: layered(({ node }) => ({
    className: 'LeakyReLU',
    config: { alpha: float(node, 'alpha', 0.01) },
  })),
  ThresholdedRelu: layered(({ node }) => ({
    className: 'ThresholdedReLU',
    config: { theta: float(node, 'alpha', 1) },
  })),
  Elu: (site) => [elu(site.build, tensorAt(site, 0), float(site.node, 'alpha', 1))],
  HardSigmoid: layered(({ node }) => hardSigmoidLayer(float(node, 'alpha', 0.2), float(node, 'beta', 0.5))),
  HardSwish: hardSwish,
  Selu: selu,
  Celu: celu,
  PRelu: pRelu,
  Clip: clip,
  Softmax: softmax('softmax'),
  LogSoftmax: softmax('logSoftmax'),
};
