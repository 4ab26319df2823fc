import { Refusal } from '@tersor/network';
import type { Draft } from '../draft.js';
import { gathered, sourceIndexes } from '../weights/kernel-order.js';
import { arranged, channelsFirst, same, tensorAxis, type Value } from '../value.js';
import { findWeight, shared, type LayerWriter, type WriteSite } from '../site.js';

/** Writes a function of a value as nodes named after the layer. */
type Curve = (draft: Draft, x: string, name: string) => string;

const operator =
  (kind: string, attributes: Readonly<Record<string, number>> = {}): Curve =>
  (draft, x, name) =>
    draft.node(
      kind,
      name,
      [x],
      Object.fromEntries(Object.entries(attributes).map(([key, float]) => [key, { float }])),
    );

/** Element-wise activations by their names in configs, as TensorFlow.js 4.22 computes them. */
const CURVES: Readonly<Record<string, Curve>> = {
  relu: operator('Relu'),
  relu6: (draft, x, name) => clip(draft, x, name, 0, 6),
  sigmoid: operator('Sigmoid'),
  tanh: operator('Tanh'),
  elu: operator('Elu', { alpha: 1 }),
  selu: operator('Selu'),
  softplus: operator('Softplus'),
  softsign: operator('Softsign'),
  hardSigmoid: operator('HardSigmoid', { alpha: 0.2, beta: 0.5 }),
  swish: (draft, x, name) => draft.node('Mul', name, [x, draft.node('Sigmoid', `${name}/sigmoid`, [x])]),
  mish: (draft, x, name) => {
    const soft = draft.node('Softplus', `${name}/softplus`, [x]);
    return draft.node('Mul', name, [x, draft.node('Tanh', `${name}/tanh`, [soft])]);
  },
  gelu: (draft, x, name) => {
    draft.opset = Math.max(draft.opset, 20);
    return draft.node('Gelu', name, [x]);
  },
  gelu_new: (draft, x, name) => {
    draft.opset = Math.max(draft.opset, 20);
    return draft.node('Gelu', name, [x], { approximate: { text: 'tanh' } });
  },
};

/** Further names of these activations in Keras. */
const ALIASES: Readonly<Record<string, string>> = {
  hard_sigmoid: 'hardSigmoid',
  silu: 'swish',
  geluNew: 'gelu_new',
};

/** Applies the activation that a config names. Throws a `Refusal` for an unknown one. */
export function activated(draft: Draft, value: Value, activation: unknown, name: string): Value {
  const word = String(activation ?? 'linear');
  if (word === 'linear') return value;
  if (word === 'softmax') return overAxis(draft, value, -1, 'Softmax', name);
  if (word === 'logSoftmax' || word === 'log_softmax') return overAxis(draft, value, -1, 'LogSoftmax', name);
  const curve = CURVES[ALIASES[word] ?? word];
  if (!curve) throw new Refusal(`has the activation "${word}"`);
  return same(value, curve(draft, value.name, name));
}

/** Clips values at two limits; the upper one is optional. */
export function clip(draft: Draft, x: string, name: string, least: number, most?: number): string {
  const limits = [draft.number(least), ...(most === undefined ? [] : [draft.number(most)])];
  return draft.node('Clip', name, [x, ...limits]);
}

const curveLayer =
  (curve: (site: WriteSite) => Curve): LayerWriter =>
  (site) => {
    const [input] = site.inputs;
    return same(input!, curve(site)(site.draft, input!.name, site.layer.name));
  };

/** Layers that are activations. */
export const ACTIVATION_LAYERS: Readonly<Record<string, LayerWriter>> = {
  Activation: ({ draft, layer, inputs }) =>
    activated(draft, inputs[0]!, layer.config['activation'], layer.name),
  ReLU: curveLayer(({ layer }) => (draft, x, name) => {
    const most = layer.config['max_value'];
    return typeof most === 'number' ? clip(draft, x, name, 0, most) : draft.node('Relu', name, [x]);
  }),
  LeakyReLU: curveLayer(({ layer }) =>
    operator('LeakyRelu', { alpha: Number(layer.config['alpha'] ?? 0.3) }),
  ),
  ELU: curveLayer(({ layer }) => operator('Elu', { alpha: Number(layer.config['alpha'] ?? 1) })),
  ThresholdedReLU: curveLayer(({ layer }) =>
    operator('ThresholdedRelu', { alpha: Number(layer.config['theta'] ?? 1) }),
  ),
  Softmax: ({ draft, layer, inputs: [input] }) => {
    // The config counts the batch.
    const axis = Number(layer.config['axis'] ?? -1);
    return overAxis(draft, input!, axis > 0 ? axis - 1 : axis, 'Softmax', layer.name);
  },
  PReLU: prelu,
  TersorHardSigmoid: curveLayer(({ layer: { config } }) =>
    operator('HardSigmoid', { alpha: Number(config['alpha'] ?? 0.2), beta: Number(config['beta'] ?? 0.5) }),
  ),
  Rescaling: curveLayer(({ layer: { config } }) => (draft, x, name) => {
    const [scale, offset] = [Number(config['scale']), Number(config['offset'] ?? 0)];
    if (offset === 0) return draft.node('Mul', name, [x, draft.number(scale)]);
    const scaled = draft.node('Mul', `${name}/scaled`, [x, draft.number(scale)]);
    return draft.node('Add', name, [scaled, draft.number(offset)]);
  }),
  TersorPower: curveLayer(
    ({ layer }) =>
      (draft, x, name) =>
        draft.node('Pow', name, [x, draft.number(Number(layer.config['exponent']))]),
  ),
};

function overAxis(draft: Draft, value: Value, axis: number, kind: string, name: string): Value {
  // A row may be in any order: the sum is over all of it.
  return same(value, draft.node(kind, name, [value.name], { axis: { int: tensorAxis(value, axis) } }));
}

function prelu(site: WriteSite): Value {
  const { draft, layer } = site;
  const [given] = site.inputs;
  const alpha = findWeight(site, 'alpha');
  if (!alpha) throw new Refusal('has no weight "alpha"');
  const order = channelsFirst(alpha.shape.length);
  const input = arranged(draft, given!, order);
  const slope = shared(draft, `${layer.name}/alpha`, () =>
    draft.values(
      `${layer.name}/alpha`,
      order.map((axis) => alpha.shape[axis]!),
      gathered(alpha.data, sourceIndexes(alpha.shape, order)),
    ),
  );
  return same(input, draft.node('PRelu', layer.name, [input.name, slope]));
}
