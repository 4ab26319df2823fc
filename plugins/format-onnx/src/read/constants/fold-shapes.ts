import {
  Refusal,
  constant,
  countOf,
  joinedArrays,
  mapped,
  picked,
  rangeOf,
  turnedArray,
} from '@tersor/network';
import { float, integer, integersOf, optionalIntegers, optionalTensor } from '../attributes.js';
import type { Constant } from '../file/onnx-model.js';
import { axisAt, constantAt, optionalConstant, scalarOf, type Site } from '../site.js';
import type { Fold } from './fold-arithmetic.js';

const row = (length: number, from = 0, step = 1): number[] =>
  Array.from({ length }, (_, i) => from + i * step);

const all = ({ dims }: Constant): number[][] => dims.map((length) => row(length));

/** A `Constant` node, in each of its forms. */
const fixed: Fold = ({ node }) => {
  const tensor = optionalTensor(node, 'value');
  if (tensor) return [tensor];
  const { attributes } = node;
  if (attributes.has('value_float')) return [constant('float', [], [float(node, 'value_float', 0)])];
  if (attributes.has('value_int')) return [constant('integer', [], [integer(node, 'value_int', 0)])];
  const floats = attributes.get('value_floats')?.floats;
  if (floats) return [constant('float', [floats.length], floats)];
  const integers = optionalIntegers(node, 'value_ints');
  if (integers) return [constant('integer', [integers.length], integers)];
  throw new Refusal('is a constant of a kind that is not read');
};

const constantOfShape: Fold = (site) => {
  const dims = [...constantAt(site, 0).data];
  const value = optionalTensor(site.node, 'value');
  const count = countOf(dims);
  const type = value?.type ?? 'float';
  const data = type === 'float' ? new Float32Array(count) : new Float64Array(count);
  return [{ kind: 'constant', type, dims, data: data.fill(value?.data[0] ?? 0) }];
};

const range: Fold = (site) => {
  const start = constantAt(site, 0);
  const [from, to, step] = [scalarOf(start), scalarOf(constantAt(site, 1)), scalarOf(constantAt(site, 2))];
  const count = countOf([Math.max(0, Math.ceil((to - from) / step))]);
  return [constant(start.type, [count], row(count, from, step))];
};

const reshape: Fold = (site) => {
  const given = constantAt(site, 0);
  const target = integersOf(site.node, 'shape', () => constantAt(site, 1)) ?? [];
  const keepsZero = integer(site.node, 'allowzero', 0) === 1;
  const known = target.map((size, i) => (size === 0 && !keepsZero ? (given.dims[i] ?? 0) : size));
  const rest = known.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const dims = known.map((size) => (size === -1 ? given.data.length / rest : size));
  return [withDims(given, dims)];
};

function withDims(given: Constant, dims: readonly number[]): Constant {
  if (countOf(dims) !== given.data.length)
    throw new Refusal(`makes [${dims.join(', ')}] of [${given.dims.join(', ')}]`);
  return { ...given, dims };
}

const flatten: Fold = (site) => {
  const given = constantAt(site, 0);
  const axis = integer(site.node, 'axis', 1);
  const place = axis < 0 ? axis + given.dims.length : axis;
  const first = given.dims.slice(0, place).reduce((product, dim) => product * dim, 1);
  return [withDims(given, [first, given.data.length / first])];
};

const squeeze: Fold = (site) => {
  const given = constantAt(site, 0);
  const axes = integersOf(site.node, 'axes', () => optionalConstant(site, 1))?.map((axis) =>
    axisAt(axis, given.dims.length),
  );
  return [
    withDims(
      given,
      given.dims.filter((dim, i) => (axes ? !axes.includes(i) : dim !== 1)),
    ),
  ];
};

const unsqueeze: Fold = (site) => {
  const given = constantAt(site, 0);
  const listed = integersOf(site.node, 'axes', () => constantAt(site, 1)) ?? [];
  const rank = given.dims.length + listed.length;
  const axes = listed.map((axis) => axisAt(axis, rank));
  const rest = [...given.dims];
  return [
    withDims(
      given,
      row(rank).map((i) => (axes.includes(i) ? 1 : rest.shift()!)),
    ),
  ];
};

const transpose: Fold = (site) => {
  const given = constantAt(site, 0);
  const rank = given.dims.length;
  const order = optionalIntegers(site.node, 'perm') ?? row(rank).reverse();
  if (order.length !== rank || order.some((axis) => !(axis < rank))) throw new Refusal('has a wrong perm');
  return [turnedArray(given, order)];
};

const concat: Fold = (site) => {
  const parts = site.inputs.map((_input, i) => constantAt(site, i));
  const first = parts[0];
  if (!first) throw new Refusal('joins nothing');
  return [joinedArrays(parts, axisAt(integer(site.node, 'axis', 0), first.dims.length))];
};

const slice: Fold = (site) => {
  const { node } = site;
  const given = constantAt(site, 0);
  const starts = integersOf(node, 'starts', () => constantAt(site, 1)) ?? [];
  const ends = integersOf(node, 'ends', () => constantAt(site, 2)) ?? [];
  const axes = integersOf(node, 'axes', () => optionalConstant(site, 3)) ?? row(starts.length);
  const steps = optionalConstant(site, 4)?.data ?? [];
  const indexes = all(given);
  axes.forEach((axis, i) => {
    const own = axisAt(axis, given.dims.length);
    const length = given.dims[own]!;
    const step = steps[i] ?? 1;
    indexes[own] = rangeOf(length, starts[i]!, ends[i]!, step);
  });
  return [picked(given, indexes)];
};

const gather: Fold = (site) => {
  const [given, index] = [constantAt(site, 0), constantAt(site, 1)];
  const axis = axisAt(integer(site.node, 'axis', 0), given.dims.length);
  const length = given.dims[axis]!;
  const places = [...index.data].map((place) => (place < 0 ? place + length : place));
  if (places.some((place) => !(place >= 0 && place < length))) throw new Refusal('picks what is not there');
  const indexes = all(given);
  indexes[axis] = places;
  const result = picked(given, indexes);
  return [{ ...result, dims: [...given.dims.slice(0, axis), ...index.dims, ...given.dims.slice(axis + 1)] }];
};

const expand: Fold = (site) => {
  const given = constantAt(site, 0);
  const dims = [...constantAt(site, 1).data];
  countOf(dims);
  const shape: Constant = { kind: 'constant', type: 'float', dims, data: new Float32Array(countOf(dims)) };
  return [mapped(given.type, [given, shape], (value) => value!)];
};

const size: Fold = (site) => [constant('integer', [], [constantAt(site, 0).data.length])];

const same: Fold = (site) => [constantAt(site, 0)];

export const SHAPE_FOLDS: Readonly<Record<string, Fold>> = {
  Constant: fixed,
  ConstantOfShape: constantOfShape,
  Range: range,
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Slice: slice,
  Gather: gather,
  Expand: expand,
  Size: size,
  Identity: same,
};

/** The shape of a tensor or a constant, or a part of it. */
export function shapeConstant({ node }: Site, dims: readonly number[]): Constant {
  const start = integer(node, 'start', 0);
  const end = integer(node, 'end', dims.length);
  const values = dims.slice(start, end);
  return constant('integer', [values.length], values);
}
