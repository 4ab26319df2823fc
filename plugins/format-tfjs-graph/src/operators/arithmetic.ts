import {
  activationLayer,
  affineWith,
  channelAffine,
  COMBINING_LAYERS,
  Refusal,
  rescalingLayer,
  type Combination,
} from '@tersor/network';
import { flag, number } from '../node.js';
import { apply, anyTensor, asInFile, placeOf, tensorAt, type Operator, type Site } from '../site.js';
import { constantOf, type Constant, type Tensor, type Value } from '../value.js';
import { power } from './activation.js';
import { requireChannelsLast } from './convolution.js';

/** An elementwise operator of two values, one of which may be a constant. */
export function binary(operation: Combination): Operator {
  return (site) => {
    const [a, b] = site.inputs as [Value, Value];
    if (a.kind === 'tensor' && b.kind === 'tensor')
      return merged(site, operation, [anyTensor(site, 0), anyTensor(site, 1)]);
    const x = withBatch(a.kind === 'tensor' ? a : b);
    const result = withConstant(site, operation, x, a.kind === 'tensor' ? (b as Constant) : (a as Constant));
    return (a.kind === 'tensor' ? a : (b as Tensor)).isBare ? { ...result, isBare: true } : result;
  };
}

/** A tensor with its batch axis: arithmetic with numbers is the same without one. */
function withBatch(value: Value | undefined): Tensor {
  if (value?.kind !== 'tensor') throw new Refusal('is applied to constants that are not worked out');
  const { isBare: _isBare, ...x } = value;
  return x;
}

/** The sum of any number of tensors. */
export const sum: Operator = (site) => {
  const tensors = site.inputs.map((_, i) => anyTensor(site, i));
  return tensors.length === 1 ? tensors[0]! : merged(site, 'add', tensors);
};

function merged(site: Site, operation: Combination, inputs: readonly Tensor[]): Tensor {
  const [first] = inputs as [Tensor];
  if (inputs.some(({ shape }) => shape.length !== first.shape.length))
    throw new Refusal('combines tensors of several ranks');
  const isAlike = inputs.every(({ lies }) => lies?.join() === first.lies?.join());
  const read = isAlike ? inputs : inputs.map((input) => asInFile(site, input));
  const shape = first.shape.map((_, axis) => {
    const lengths = inputs.map((input) => input.shape[axis]);
    return lengths.find((length) => length !== 1) ?? (lengths.includes(undefined) ? undefined : 1);
  });
  const { layer } = site.add({ className: COMBINING_LAYERS[operation], inputs: read, shape });
  return { kind: 'tensor', layer, shape, ...(isAlike && first.lies && { lies: first.lies }) };
}

function withConstant(site: Site, operation: Combination, x: Tensor, constant: Constant): Tensor {
  if (constant.data.some(Number.isNaN))
    throw new Refusal('reads a constant that is no number, or follows from the size of the image or batch');
  const isFirst = site.inputs[0]?.kind === 'tensor';
  const own = byChannel(site, x, constant);
  if (operation === 'maximum' || operation === 'minimum') return bounded(site, operation, own.x, own.values);
  if (operation === 'divide' && !isFirst) {
    const inverse = apply(site, own.x, { ...power(-1), ending: 'inverse' });
    return affine(site, inverse, 'multiply', own.values, true);
  }
  return affine(site, own.x, operation, own.values, isFirst);
}

/**
 * The maximum or minimum with one number: `max(x, c)` is `relu(x - c) + c`, `min(x, c)` is `c - relu(c - x)`.
 */
function bounded(site: Site, operation: Combination, x: Tensor, values: ArrayLike<number>): Tensor {
  const limit = values[0]!;
  if (Array.from(values).some((value) => value !== limit))
    throw new Refusal('has another limit for each channel');
  const relu = activationLayer('relu');
  if (operation === 'maximum' && limit === 0) return apply(site, x, relu);
  const sign = operation === 'maximum' ? 1 : -1;
  const shifted = apply(site, x, { ...rescalingLayer(sign, -sign * limit), ending: 'shifted' });
  return apply(site, apply(site, shifted, { ...relu, ending: 'relu' }), rescalingLayer(sign, limit));
}

/**
 * A constant as one number, or as one for each index of the last axis. Throws `Refusal` for constants that
 * are broadcast in another way.
 */
function byChannel(
  site: Site,
  given: Tensor,
  { dims, data }: Constant,
): { x: Tensor; values: Constant['data'] } {
  if (data.length === 1) return { x: given, values: data };
  const rank = given.shape.length;
  const spread = dims.length === rank + 1 && dims[0] === 1 ? dims.slice(1) : dims;
  const axis = rank - spread.length + spread.findIndex((length) => length !== 1);
  const isVector = spread.length <= rank && spread.filter((length) => length !== 1).length === 1;
  if (!isVector || given.shape[axis] !== data.length)
    throw new Refusal(`combines a tensor with a constant of shape [${dims.join(', ')}]`);
  const x = placeOf(given, axis) === rank - 1 ? given : asInFile(site, given);
  if (placeOf(x, axis) !== rank - 1)
    throw new Refusal(`combines a tensor with a constant of shape [${dims.join(', ')}]`);
  return { x, values: data };
}

function affine(
  site: Site,
  x: Tensor,
  operation: Combination,
  values: Constant['data'],
  isFirst: boolean,
): Tensor {
  const lines = Array.from(values, (value) => affineWith(operation, value, isFirst)!);
  const [first] = lines;
  if (lines.length === 1) return apply(site, x, rescalingLayer(first!.scale, first!.offset));
  return apply(
    site,
    x,
    channelAffine(
      Float32Array.from(lines, ({ scale }) => scale),
      Float32Array.from(lines, ({ offset }) => offset),
    ),
  );
}

/** A batch norm, at inference. */
export const batchNorm: Operator = (site) => {
  const { node, inputs } = site;
  requireChannelsLast(node);
  if (flag(node, 'is_training')) throw new Refusal('is to be trained');
  const x = tensorAt(site, 0);
  const channels = x.shape.at(-1);
  const weights = inputs.slice(1, 5).map((each) => {
    const { dims, data } = constantOf(each, 'weights');
    if (data.length !== channels)
      throw new Refusal(`has ${data.length} values for ${String(channels)} channels`);
    return { shape: [...dims], data: Float32Array.from(data) };
  });
  return apply(site, x, {
    className: 'BatchNormalization',
    config: { axis: -1, epsilon: number(node, 'epsilon', 1e-4), center: true, scale: true },
    weights,
  });
};

/** `(a - b)` squared. */
export const squaredDifference: Operator = (site) => {
  const difference = binary('subtract')({
    ...site,
    add: (layer) => site.add({ ending: 'difference', ...layer }),
  });
  return apply(site, difference as Tensor, power(2));
};

/** `x` to a constant power. */
export const pow: Operator = (site) => {
  const { data } = constantOf(site.inputs[1], 'an exponent');
  const exponent = data[0];
  if (exponent === undefined || data.some((each) => each !== exponent))
    throw new Refusal('has several exponents');
  return apply(site, anyTensor(site, 0), power(exponent));
};
