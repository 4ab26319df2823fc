import type { GraphNode } from './node.js';
import { Refusal, size, vector, type Constant, type Value } from './value.js';

/** More values than shapes and scales have: what has more is left as it is. */
const MAX_VALUES = 2 ** 20;

const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  AddV2: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  RealDiv: (a, b) => a / b,
  FloorDiv: (a, b) => Math.floor(a / b),
  Maximum: Math.max,
  Minimum: Math.min,
};

const UNARY: Readonly<Record<string, (a: number) => number>> = {
  Cast: (a) => a,
  Identity: (a) => a,
  Neg: (a) => -a,
  Sqrt: Math.sqrt,
  Rsqrt: (a) => 1 / Math.sqrt(a),
  Floor: Math.floor,
  Ceil: Math.ceil,
};

/**
 * What a node gives that is given constants alone: arithmetic on shapes and weights. `undefined` where it is
 * not worked out.
 */
export function workedOut(node: GraphNode, inputs: readonly Value[]): Constant | undefined {
  if (node.op === 'Shape') return shapeOf(inputs[0]);
  if (inputs.length === 0 || !inputs.every((each): each is Constant => each.kind === 'constant'))
    return undefined;
  const [first, second] = inputs;
  if (inputs.some(({ data }) => data.length > MAX_VALUES)) return undefined;
  const unary = UNARY[node.op];
  if (unary) return { ...first!, data: Array.from(first!.data, unary) };
  const binary = BINARY[node.op];
  if (binary && second) return spread(first!, second, binary);
  switch (node.op) {
    case 'Pack':
      return vector(inputs.flatMap(({ data }) => Array.from(data)));
    case 'ConcatV2':
      return vector(inputs.slice(0, -1).flatMap(({ data }) => Array.from(data)));
    case 'StridedSlice':
      return strided(node, inputs);
    case 'Reshape':
      return reshaped(first!, Array.from(second!.data));
    case 'Squeeze':
      return { ...first!, shape: first!.shape.filter((length) => length !== 1) };
    case 'ExpandDims':
      return { ...first!, shape: [1, ...first!.shape] };
    default:
      return undefined;
  }
}

function shapeOf(value: Value | undefined): Constant | undefined {
  if (!value) return undefined;
  return vector(
    value.kind === 'constant' ? value.shape : [NaN, ...value.shape.map((length) => length ?? NaN)],
  );
}

/** A number on one side is spread over the other one. */
function spread(a: Constant, b: Constant, of: (a: number, b: number) => number): Constant | undefined {
  if (a.data.length !== b.data.length && a.data.length !== 1 && b.data.length !== 1) return undefined;
  const longer = a.data.length >= b.data.length ? a : b;
  const at = ({ data }: Constant, i: number) => data[data.length === 1 ? 0 : i]!;
  return { ...longer, data: Array.from(longer.data, (_, i) => of(at(a, i), at(b, i))) };
}

/** Of a vector alone: a range, or one number. */
function strided(node: GraphNode, [from, starts, ends, steps]: readonly Constant[]): Constant | undefined {
  if (from!.shape.length !== 1 || starts!.data.length !== 1) return undefined;
  const [start, end, step] = [starts!, ends!, steps!].map(({ data }) => data[0]!);
  const mask = (key: string) => Number((node.attributes[key] as { i?: unknown } | undefined)?.i ?? 0) === 1;
  const values = Array.from(from!.data);
  const place = (at: number) => (at < 0 ? at + values.length : at);
  if (mask('shrink_axis_mask')) return { kind: 'constant', shape: [], data: [values[place(start!)]!] };
  const first = mask('begin_mask') ? 0 : place(start!);
  const last = mask('end_mask') ? values.length : place(end!);
  if (!(step! > 0)) return undefined;
  return vector(values.slice(first, last).filter((_, i) => i % step! === 0));
}

function reshaped(from: Constant, target: readonly number[]): Constant {
  const known = size(target.filter((length) => length !== -1));
  const shape = target.map((length) => (length === -1 ? from.data.length / known : length));
  if (size(shape) !== from.data.length)
    throw new Refusal(`gives ${from.data.length} values the shape [${target.join(', ')}]`);
  return { ...from, shape };
}
