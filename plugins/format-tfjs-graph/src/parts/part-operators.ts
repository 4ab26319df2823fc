import {
  constant,
  constantPart as known,
  cutPart as cut,
  leakyPart,
  partShape as shapeOf,
  pickedPart as taken,
  piece,
  rangeOf,
  Refusal,
  reshapedPart as reshaped,
  withUnitAxis as withOne,
  type PartSource as Source,
} from '@tersor/network';
import { isInteger } from '../constants.js';
import { flag, integers, number, type GraphNode } from '../node.js';
import { entries } from '../operators/slices.js';
import { vector } from '../value.js';

/** A node of a frozen part, with its inputs. */
interface PartSite {
  readonly node: GraphNode;
  readonly inputs: readonly Source[];
}

/** Turns a node into steps, one result for each of its outputs. Throws `Refusal`. */
type PartOperator = (site: PartSite) => Source | readonly Source[];

/** Operators that are one step each, with their inputs unchanged. */
const PLAIN: Readonly<Record<string, string>> = {
  ...{ Abs: 'abs', Neg: 'neg', Exp: 'exp', Log: 'log', Sqrt: 'sqrt', Rsqrt: 'rsqrt', Square: 'square' },
  ...{ Reciprocal: 'reciprocal', Inv: 'reciprocal', Erf: 'erf', Softplus: 'softplus' },
  ...{ Sin: 'sin', Cos: 'cos', Tan: 'tan', Asin: 'asin', Acos: 'acos', Atan: 'atan' },
  ...{ Sinh: 'sinh', Cosh: 'cosh', Tanh: 'tanh', Sigmoid: 'sigmoid', Relu: 'relu', Relu6: 'relu6' },
  ...{ Elu: 'elu', Selu: 'selu', Floor: 'floor', Ceil: 'ceil', Round: 'round', Sign: 'sign' },
  ...{ LogicalNot: 'logicalNot', ZerosLike: 'zerosLike', OnesLike: 'onesLike' },
  ...{ Add: 'add', AddV2: 'add', BiasAdd: 'add', Sub: 'sub', Mul: 'mul', RealDiv: 'div', Div: 'div' },
  ...{ FloorDiv: 'floorDiv', FloorMod: 'mod', Pow: 'pow', Maximum: 'maximum', Minimum: 'minimum' },
  ...{ Atan2: 'atan2', SquaredDifference: 'squaredDifference', Equal: 'equal', NotEqual: 'notEqual' },
  ...{ Less: 'less', LessEqual: 'lessEqual', Greater: 'greater', GreaterEqual: 'greaterEqual' },
  ...{ LogicalAnd: 'logicalAnd', LogicalOr: 'logicalOr', SelectV2: 'where', GatherNd: 'gatherNd' },
  ...{ Softmax: 'softmax', LogSoftmax: 'logSoftmax' },
};

const passedOn: PartOperator = ({ inputs }) => inputs[0]!;

const reduction =
  (operation: string): PartOperator =>
  ({ node, inputs }) => {
    const rank = shapeOf(inputs[0]!).length;
    const axes = numbers(inputs[1], 'axes').map((axis) => axisOf(axis, rank));
    return piece(operation, [inputs[0]!], { axes, keep: flag(node, 'keep_dims') });
  };

const chosen =
  (operation: string): PartOperator =>
  ({ inputs }) =>
    piece(operation, [inputs[0]!], { axis: axisOf(one(inputs[1], 'an axis'), shapeOf(inputs[0]!).length) });

const product =
  (turn: readonly [string, string]): PartOperator =>
  ({ node, inputs }) =>
    piece('matMul', inputs.slice(0, 2), { turnA: flag(node, turn[0]), turnB: flag(node, turn[1]) });

const pad: PartOperator = ({ node, inputs }) => {
  const value = node.op === 'PadV2' ? one(inputs[2], 'a value') : 0;
  return piece('pad', [inputs[0]!], { sides: numbers(inputs[1], 'paddings'), value });
};

/** Operators that can be steps of a frozen part. Loops, and sizes that depend on values, cannot. */
export const PART_OPERATORS: Readonly<Record<string, PartOperator>> = {
  ...Object.fromEntries(
    Object.entries(PLAIN).map(([op, operation]): [string, PartOperator] => [
      op,
      ({ inputs }) => piece(operation, inputs),
    ]),
  ),
  Identity: passedOn,
  StopGradient: passedOn,
  PreventGradient: passedOn,
  CheckNumerics: passedOn,
  Snapshot: passedOn,
  Cast: ({ node, inputs }) => {
    const { type } = (node.attributes['DstT'] ?? {}) as { readonly type?: unknown };
    const isYesOrNo = type === 'DT_BOOL' || type === 10;
    return piece(isYesOrNo ? 'toBoolean' : isInteger({ type }) ? 'toInteger' : 'toFloat', inputs);
  },
  AddN: ({ inputs }) => inputs.reduce((sum, each) => piece('add', [sum, each])),
  LeakyRelu: ({ node, inputs: [x] }) => leakyPart(x!, constant('float', [], [number(node, 'alpha', 0.2)])),
  ClipByValue: ({ inputs: [x, low, high] }) => piece('minimum', [piece('maximum', [x!, low!]), high!]),
  MatMul: product(['transpose_a', 'transpose_b']),
  BatchMatMul: product(['adj_x', 'adj_y']),
  BatchMatMulV2: product(['adj_x', 'adj_y']),
  Sum: reduction('sum'),
  Mean: reduction('mean'),
  Max: reduction('max'),
  Min: reduction('min'),
  Prod: reduction('prod'),
  ArgMax: chosen('argMax'),
  ArgMin: chosen('argMin'),
  Cumsum: ({ node, inputs }) =>
    piece('cumsum', [inputs[0]!], {
      axis: axisOf(one(inputs[1], 'an axis'), shapeOf(inputs[0]!).length),
      exclusive: flag(node, 'exclusive'),
      reverse: flag(node, 'reverse'),
    }),
  Gather: ({ inputs }) => piece('gather', inputs.slice(0, 2), { axis: 0 }),
  GatherV2: ({ node, inputs }) => {
    const axis = axisOf(inputs[2] ? one(inputs[2], 'an axis') : 0, shapeOf(inputs[0]!).length);
    return piece('gather', inputs.slice(0, 2), { axis, batches: number(node, 'batch_dims', 0) });
  },
  OneHot: ({ node, inputs }) => {
    if (number(node, 'axis', -1) !== -1) throw new Refusal('has an axis that is not the last');
    const [depth, on, off] = [1, 2, 3].map((i) => one(inputs[i], 'a value'));
    return piece('oneHot', [inputs[0]!], { depth, on, off });
  },
  Reshape: ({ inputs }) => reshaped(inputs[0]!, numbers(inputs[1], 'a shape')),
  ExpandDims: ({ inputs }) => {
    const shape = shapeOf(inputs[0]!);
    return reshaped(inputs[0]!, withOne(shape, axisOf(one(inputs[1], 'an axis'), shape.length + 1)));
  },
  Squeeze: ({ node, inputs }) => {
    const shape = shapeOf(inputs[0]!);
    const stated = integers(node, 'squeeze_dims').map((axis) => axisOf(axis, shape.length));
    const isGone = (length: number, i: number) => (stated.length > 0 ? stated.includes(i) : length === 1);
    return reshaped(
      inputs[0]!,
      shape.filter((length, i) => !isGone(length, i)),
    );
  },
  Transpose: ({ inputs }) => piece('transpose', [inputs[0]!], { order: numbers(inputs[1], 'an order') }),
  ConcatV2: ({ inputs }) => {
    const parts = inputs.slice(0, -1);
    return piece('concat', parts, { axis: axisOf(one(inputs.at(-1), 'an axis'), shapeOf(parts[0]!).length) });
  },
  Pack: ({ node, inputs }) => {
    const shape = shapeOf(inputs[0]!);
    const axis = axisOf(number(node, 'axis', 0), shape.length + 1);
    return piece(
      'concat',
      inputs.map((each) => reshaped(each, withOne(shape, axis))),
      { axis },
    );
  },
  Unpack: ({ node, inputs: [x] }) => {
    const shape = shapeOf(x!);
    const axis = axisOf(number(node, 'axis', 0), shape.length);
    return Array.from({ length: shape[axis]! }, (_, i) =>
      reshaped(
        cut(x!, axis, i, 1),
        shape.filter((_length, own) => own !== axis),
      ),
    );
  },
  Split: ({ node, inputs: [axis, x] }) => {
    const count = number(node, 'num_split', 1);
    const own = axisOf(one(axis, 'an axis'), shapeOf(x!).length);
    const size = shapeOf(x!)[own]! / count;
    return Array.from({ length: count }, (_, i) => cut(x!, own, i * size, size));
  },
  Slice: ({ inputs: [x, starts, sizes] }) => {
    const begin = numbers(starts, 'a beginning');
    const size = numbers(sizes, 'a size').map((each, i) => (each < 0 ? shapeOf(x!)[i]! - begin[i]! : each));
    return piece('slice', [x!], { begin, size });
  },
  StridedSlice: strided,
  Tile: ({ inputs }) => piece('tile', [inputs[0]!], { times: numbers(inputs[1], 'multiples') }),
  Pad: pad,
  PadV2: pad,
  ReverseV2: ({ inputs: [x, axes] }) =>
    piece('reverse', [x!], { axes: numbers(axes, 'axes').map((axis) => axisOf(axis, shapeOf(x!).length)) }),
};

/** A strided slice: steps pick indexes, and a single index drops its axis. */
function strided({ node, inputs }: PartSite): Source {
  const [x] = inputs as [Source];
  const ranges = inputs.map((each) => (each.kind === 'constant' ? each : vector([])));
  let part = x;
  let axis = 0;
  const shape: number[] = [];
  for (const entry of entries({ node, inputs: ranges }, shapeOf(x).length)) {
    if (entry.isNew) {
      shape.push(1);
      continue;
    }
    const length = shapeOf(part)[axis];
    if (length === undefined) throw new Refusal('cuts more axes than there are');
    const { start, end, step, isFromStart, isToEnd, isOne } = entry;
    const first = start < 0 ? start + length : start;
    const [low, high] = step > 0 ? [0, length] : [length - 1, -length - 1];
    const indexes = isOne ? [first] : rangeOf(length, isFromStart ? low : start, isToEnd ? high : end, step);
    part = taken(part, axis, indexes);
    if (!isOne) shape.push(indexes.length);
    axis++;
  }
  return reshaped(part, shape);
}

function axisOf(axis: number, rank: number): number {
  const own = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(own) && own >= 0 && own < rank) return own;
  throw new Refusal(`has the axis ${axis} of ${rank} axes`);
}

function numbers(source: Source | undefined, what: string): number[] {
  return Array.from(known(source, what).data);
}

function one(source: Source | undefined, what: string): number {
  return known(source, what).data[0] ?? NaN;
}
