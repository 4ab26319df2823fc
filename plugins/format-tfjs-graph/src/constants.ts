import {
  constant,
  countOf,
  joinedArrays,
  mapped,
  picked,
  rangeOf,
  Refusal,
  turnedArray,
} from '@tersor/network';
import { integers, number, type GraphNode } from './node.js';
import { vector, type Constant, type Value } from './value.js';

/** Largest array that is folded, in values; shapes and scales are smaller. */
const MAX_VALUES = 2 ** 20;

const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  AddV2: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  RealDiv: (a, b) => a / b,
  FloorDiv: (a, b) => Math.floor(a / b),
  FloorMod: (a, b) => a - b * Math.floor(a / b),
  Pow: (a, b) => a ** b,
  Maximum: Math.max,
  Minimum: Math.min,
};

const UNARY: Readonly<Record<string, (a: number) => number>> = {
  Identity: (a) => a,
  Neg: (a) => -a,
  Sqrt: Math.sqrt,
  Rsqrt: (a) => 1 / Math.sqrt(a),
  Reciprocal: (a) => 1 / a,
  Square: (a) => a * a,
  Exp: Math.exp,
  Floor: Math.floor,
  Ceil: Math.ceil,
  Sin: Math.sin,
  Cos: Math.cos,
};

/** The results of an operator for constants; `undefined` if they cannot be folded. */
type Fold = (node: GraphNode, inputs: readonly Constant[]) => Constant | readonly Constant[] | undefined;

const FOLDS: Readonly<Record<string, Fold>> = {
  Cast: (node, [given]) =>
    isInteger(node.attributes['DstT'])
      ? mapped('integer', [given!], (value) => Math.trunc(value!))
      : mapped('float', [given!], (value) => value!),
  Pack: (node, parts) => {
    const axis = axisOf(number(node, 'axis', 0), parts[0]!.dims.length + 1);
    return joinedArrays(
      parts.map((part) => expanded(part, axis)),
      axis,
    );
  },
  Unpack: (node, [given]) => {
    const axis = axisOf(number(node, 'axis', 0), given!.dims.length);
    const dims = given!.dims.filter((_length, i) => i !== axis);
    return Array.from({ length: given!.dims[axis]! }, (_, i) => {
      const indexes = given!.dims.map((length, own) => (own === axis ? [i] : rangeOf(length, 0, length, 1)));
      return { ...picked(given!, indexes), dims };
    });
  },
  Tile: (_node, [given, times]) => {
    const dims = given!.dims.map((length, i) => length * times!.data[i]!);
    countOf(dims);
    return picked(
      given!,
      dims.map((length, i) => Array.from({ length }, (_, at) => at % given!.dims[i]!)),
    );
  },
  ConcatV2: (_node, inputs) =>
    joinedArrays(inputs.slice(0, -1), axisOf(inputs.at(-1)!.data[0]!, inputs[0]!.dims.length)),
  StridedSlice: (node, [from, starts, ends, steps]) => strided(node, from!, [starts!, ends!, steps!]),
  Reshape: (_node, [given, target]) => reshaped(given!, Array.from(target!.data)),
  Squeeze: (node, [given]) => {
    const stated = integers(node, 'squeeze_dims').map((axis) => axisOf(axis, given!.dims.length));
    const isGone = (length: number, i: number) => (stated.length > 0 ? stated.includes(i) : length === 1);
    return { ...given!, dims: given!.dims.filter((length, i) => !isGone(length, i)) };
  },
  ExpandDims: (_node, [given, axis]) => expanded(given!, axisOf(axis!.data[0]!, given!.dims.length + 1)),
  Transpose: (_node, [given, order]) => turnedArray(given!, Array.from(order!.data)),
  Range: (_node, [start, end, step]) => {
    const [from, to, by] = [start!, end!, step!].map(({ data }) => data[0]!);
    const count = Math.max(0, Math.ceil((to! - from!) / by!));
    if (!(count <= MAX_VALUES)) return undefined;
    return vector(Array.from({ length: count }, (_, i) => from! + i * by!));
  },
  Fill: (_node, [dims, value]) => mapped(value!.type, [value!, ones(Array.from(dims!.data))], (own) => own!),
  ZerosLike: (_node, [given]) => mapped(given!.type, [given!], () => 0),
  OnesLike: (_node, [given]) => mapped(given!.type, [given!], () => 1),
  Prod: (_node, [given]) =>
    constant('integer', [], [Array.from(given!.data).reduce((all, value) => all * value, 1)]),
};

/**
 * The results of a node whose inputs are all constants: arithmetic on shapes and weights. `undefined` if it
 * cannot be folded. Throws `Refusal`.
 */
export function workedOut(
  node: GraphNode,
  inputs: readonly Value[],
): Constant | readonly Constant[] | undefined {
  if (node.op === 'Shape') return shapeOf(inputs[0]);
  if (inputs.length === 0 || !inputs.every((each): each is Constant => each.kind === 'constant'))
    return undefined;
  const [first, second] = inputs;
  if (inputs.some(({ data }) => data.length > MAX_VALUES)) return undefined;
  const has = (table: object) => Object.hasOwn(table, node.op);
  if (has(UNARY)) return mapped(first!.type, [first!], (value) => UNARY[node.op]!(value!));
  if (has(BINARY) && second) return mapped(first!.type, [first!, second], (a, b) => BINARY[node.op]!(a!, b!));
  try {
    return has(FOLDS) ? FOLDS[node.op]!(node, inputs) : undefined;
  } catch (error) {
    if (error instanceof TypeError) throw new Refusal('has too few inputs');
    throw error;
  }
}

/** Whether a TensorFlow type, as written in JSON, is an integer type. */
export function isInteger(attribute: unknown): boolean {
  const { type } = (attribute ?? {}) as { readonly type?: unknown };
  return ['DT_INT32', 'DT_INT64', 'DT_UINT8', 3, 9, 4].includes(type as string);
}

function shapeOf(value: Value | undefined): Constant | undefined {
  if (!value) return undefined;
  if (value.kind === 'constant') return vector(value.dims);
  const sizes = value.shape.map((length) => length ?? NaN);
  return vector(value.isBare ? sizes : [NaN, ...sizes]);
}

function axisOf(axis: number, rank: number): number {
  const own = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(own) && own >= 0 && own < rank) return own;
  throw new Refusal(`has the axis ${axis} of a constant of ${rank} axes`);
}

function expanded(given: Constant, axis: number): Constant {
  return { ...given, dims: [...given.dims.slice(0, axis), 1, ...given.dims.slice(axis)] };
}

function ones(dims: readonly number[]): Constant {
  const count = dims.reduce((product, length) => product * length, 1);
  if (!(count <= MAX_VALUES)) throw new Refusal(`makes a constant of the shape [${dims.join(', ')}]`);
  return constant('float', dims, new Float32Array(count).fill(1));
}

/** A strided slice of a constant; `undefined` for new axes and ellipses. */
function strided(node: GraphNode, from: Constant, ranges: readonly Constant[]): Constant | undefined {
  const isSet = (key: string, axis: number) => ((number(node, key, 0) >> axis) & 1) === 1;
  if (number(node, 'ellipsis_mask', 0) + number(node, 'new_axis_mask', 0) > 0) return undefined;
  const [starts, ends, steps] = ranges.map(({ data }) => data) as [
    Constant['data'],
    Constant['data'],
    Constant['data'],
  ];
  const gone: number[] = [];
  const indexes = from.dims.map((length, axis) => {
    if (axis >= starts.length) return rangeOf(length, 0, length, 1);
    const start = starts[axis]!;
    if (isSet('shrink_axis_mask', axis)) {
      gone.push(axis);
      return [start < 0 ? start + length : start];
    }
    const step = steps[axis]!;
    if (!(step > 0)) throw new Refusal('goes backwards');
    const end = isSet('end_mask', axis) ? length : ends[axis]!;
    return rangeOf(length, isSet('begin_mask', axis) ? 0 : start, end, step);
  });
  const part = picked(from, indexes);
  return { ...part, dims: part.dims.filter((_, axis) => !gone.includes(axis)) };
}

function reshaped(from: Constant, target: readonly number[]): Constant {
  const known = target.filter((length) => length !== -1).reduce((product, length) => product * length, 1);
  const dims = target.map((length) => (length === -1 ? from.data.length / known : length));
  if (dims.reduce((product, length) => product * length, 1) !== from.data.length)
    throw new Refusal(`gives ${from.data.length} values the shape [${target.join(', ')}]`);
  return { ...from, dims };
}
