import type { Draft } from '../builder.js';
import type { Operator, Site } from '../site.js';
import { Refusal, type Constant, type Tensor, type Value } from '../value.js';

/** Layers that combine two tensors, by kind. */
const MERGES: Readonly<Record<string, string>> = {
  add: 'Add',
  subtract: 'TersorSubtract',
  multiply: 'Multiply',
  divide: 'TersorDivide',
  maximum: 'Maximum',
  minimum: 'Minimum',
};

const LINEAR = new Set(['Conv2D', 'DepthwiseConv2D', 'TersorGroupedConv2D', 'Conv2DTranspose', 'Dense']);
/** How far a factor may be from 1 / 6 in a hard sigmoid that is spelled out. */
const TOLERANCE = 1e-6;

/** `x * scale + offset`, of one number each, or of one for each channel. */
interface Affine {
  readonly scale: readonly number[];
  readonly offset: readonly number[];
}

/** A combination of two values, one of which may be a constant. */
export function binary(kind: string): Operator {
  return (site) => {
    const [a, b] = site.inputs as [Value, Value];
    if (a.kind === 'tensor' && b.kind === 'tensor') return merged(site, kind, [a, b]);
    if (a.kind === 'tensor' && b.kind === 'constant') return withConstant(site, kind, a, b);
    if (a.kind === 'constant' && b.kind === 'tensor') return afterConstant(site, kind, a, b);
    throw new Refusal('is applied to constants that are not worked out');
  };
}

/** The sum of any number of tensors. */
export const sum: Operator = (site) => {
  const tensors = site.inputs.filter((each) => each.kind === 'tensor');
  if (tensors.length !== site.inputs.length) throw new Refusal('adds a constant among several');
  return tensors.length === 1 ? tensors[0]! : merged(site, 'add', tensors);
};

function merged(site: Site, kind: string, inputs: readonly Tensor[]): Tensor {
  const [first] = inputs;
  if (inputs.some(({ shape }) => shape.length !== first!.shape.length))
    throw new Refusal('combines tensors of several ranks');
  const shape = first!.shape.map((_, axis) => {
    const lengths = inputs.map((input) => input.shape[axis]);
    return lengths.find((length) => length !== 1) ?? (lengths.includes(undefined) ? undefined : 1);
  });
  return site.add({ className: MERGES[kind]!, inputs, shape });
}

function withConstant(site: Site, kind: string, x: Tensor, constant: Constant): Tensor {
  const values = byChannel(x, constant);
  if (kind === 'add') return affine(site, x, { scale: [1], offset: values });
  if (kind === 'subtract') return affine(site, x, { scale: [1], offset: values.map((value) => -value) });
  if (kind === 'multiply') return affine(site, x, { scale: values, offset: [0] });
  if (kind === 'divide') return affine(site, x, { scale: values.map((value) => 1 / value), offset: [0] });
  return bounded(site, kind, x, values);
}

function afterConstant(site: Site, kind: string, constant: Constant, x: Tensor): Tensor {
  const values = byChannel(x, constant);
  if (kind === 'subtract') return affine(site, x, { scale: [-1], offset: values });
  if (kind !== 'divide') return withConstant(site, kind, x, constant);
  const { shape } = x;
  const inverse = site.add({
    className: 'TersorPower',
    config: { exponent: -1 },
    inputs: [x],
    shape,
    ending: 'inverse',
  });
  return affine(site, inverse, { scale: values, offset: [0] });
}

/** A limit that is one number. */
function bounded(site: Site, kind: string, x: Tensor, values: readonly number[]): Tensor {
  const limit = values[0]!;
  if (values.some((value) => value !== limit)) throw new Refusal('has another limit for each channel');
  const draft = site.builder.draft(x);
  const relu = (input: Tensor, ending?: string) =>
    site.add({ className: 'ReLU', inputs: [input], shape: x.shape, ...(ending !== undefined && { ending }) });
  if (kind === 'maximum' && limit === 0) return relu(x);
  if (kind === 'minimum' && limit > 0 && draft.isReadOnce && isPlainRelu(draft)) {
    draft.config = { ...draft.config, max_value: limit };
    return x;
  }
  // max(x, c) is relu(x - c) + c, min(x, c) is c - relu(c - x).
  const sign = kind === 'maximum' ? 1 : -1;
  const shifted = rescaled(site, x, sign, -sign * limit, 'shifted');
  return rescaled(site, relu(shifted, 'relu'), sign, limit);
}

function isPlainRelu({ className, config }: Draft): boolean {
  return className === 'ReLU' && config['max_value'] === undefined;
}

/** One number, or one for each channel. Throws `Refusal` for constants that are spread in another way. */
function byChannel(x: Tensor, { shape, data }: Constant): readonly number[] {
  const values = Array.from(data);
  if (values.length === 1) return values;
  const isVector = shape.length <= x.shape.length + 1 && shape.at(-1) === values.length;
  if (isVector && x.shape.at(-1) === values.length) return values;
  throw new Refusal(`combines a tensor with a constant of shape [${shape.join(', ')}]`);
}

/** A bias of the layer before, a part of a scaling before, or a layer of its own. */
function affine(site: Site, x: Tensor, { scale, offset }: Affine): Tensor {
  const before = site.builder.draft(x);
  const channels = x.shape.at(-1);
  // One number for all channels is the 3 of a hard sigmoid rather than a bias.
  const isUnit = scale.every((value) => value === 1) && offset.length === channels;
  if (
    isUnit &&
    before.isReadOnce &&
    LINEAR.has(before.className) &&
    before.config['activation'] === 'linear'
  ) {
    addBias(before, offset, channels!);
    return x;
  }
  if (scale.length === 1 && offset.length === 1)
    return hardSigmoid(site, x, scale[0]!, offset[0]!) ?? rescaled(site, x, scale[0]!, offset[0]!);
  if (channels === undefined) throw new Refusal('scales an open number of channels');
  const [scales, offsets] = [spread(scale, channels), spread(offset, channels)];
  if (
    before.isReadOnce &&
    before.className === 'BatchNormalization' &&
    before.config['trainable'] === false
  ) {
    const [gamma, beta, ...rest] = before.weights;
    before.weights = [
      { ...gamma!, data: gamma!.data.map((value, i) => value * scales[i]!) },
      { ...beta!, data: beta!.data.map((value, i) => value * scales[i]! + offsets[i]!) },
      ...rest,
    ];
    return x;
  }
  const values = [scales, offsets, spread([0], channels), spread([1], channels)];
  return site.add({
    className: 'BatchNormalization',
    // Statistics that training leaves alone.
    config: { axis: -1, epsilon: 0, center: true, scale: true, trainable: false },
    inputs: [x],
    shape: x.shape,
    weights: values.map((data) => ({ shape: [channels], data })),
  });
}

function addBias(layer: Draft, offset: readonly number[], channels: number): void {
  const bias = layer.config['use_bias'] === true ? layer.weights.at(-1)!.data : new Float32Array(channels);
  const added = spread(offset, channels);
  const data = bias.map((value, i) => value + added[i]!);
  const kernel = layer.config['use_bias'] === true ? layer.weights.slice(0, -1) : layer.weights;
  layer.config = { ...layer.config, use_bias: true };
  layer.weights = [...kernel, { shape: [channels], data }];
}

function rescaled(site: Site, x: Tensor, scale: number, offset: number, ending?: string): Tensor {
  return site.add({
    className: 'Rescaling',
    config: { scale, offset },
    inputs: [x],
    shape: x.shape,
    ...(ending !== undefined && { ending }),
  });
}

/** `relu6(x + 3) / 6`: the clip becomes the hard sigmoid, and reads what was shifted. */
function hardSigmoid(site: Site, x: Tensor, scale: number, offset: number): Tensor | undefined {
  const clip = site.builder.draft(x);
  const shift = site.builder.drafts.get(clip.inputs[0] ?? '');
  const isClip = clip.className === 'ReLU' && clip.config['max_value'] === 6 && clip.isReadOnce;
  const isShift =
    shift?.className === 'Rescaling' && shift.config['scale'] === 1 && shift.config['offset'] === 3;
  if (offset !== 0 || Math.abs(scale - 1 / 6) > TOLERANCE || !isClip || !isShift || !shift.isReadOnce)
    return undefined;
  clip.className = 'TersorHardSigmoid';
  clip.config = { alpha: 1 / 6, beta: 0.5 };
  clip.inputs = shift.inputs;
  site.builder.drafts.delete(shift.name);
  return x;
}

function spread(values: readonly number[], channels: number): Float32Array {
  return Float32Array.from({ length: channels }, (_, i) => (values.length === 1 ? values[0]! : values[i]!));
}

/** A batch norm, at inference. */
export const batchNorm: Operator = (site) => {
  const [x, ...weights] = site.inputs;
  if (x?.kind !== 'tensor') throw new Refusal('normalizes a constant');
  const data = weights.slice(0, 4).map((each) => {
    if (each.kind !== 'constant') throw new Refusal('has weights that are no constants');
    return { shape: [...each.shape], data: Float32Array.from(each.data) };
  });
  const epsilon = site.node.attributes['epsilon'] as { f?: unknown } | undefined;
  return site.add({
    className: 'BatchNormalization',
    config: { axis: -1, epsilon: Number(epsilon?.f ?? 1e-4), center: true, scale: true },
    inputs: [x],
    shape: x.shape,
    weights: data,
  });
};
