import * as tf from '@tensorflow/tfjs-core';

/** Options of a step. */
export type StepOptions = Readonly<Record<string, unknown>>;

type Shape = readonly number[];

/** An operation of a frozen part. */
interface StepKind {
  /** Number of inputs; any number by default. */
  readonly inputs?: number;
  /** Output shape. Throws `Error` if the inputs do not fit. */
  shape(inputs: readonly Shape[], options: StepOptions): Shape;
  run(inputs: readonly tf.Tensor[], options: StepOptions): tf.Tensor;
}

/** Element-wise operations on one tensor. */
const UNARY: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  ...{ abs: tf.abs, neg: tf.neg, exp: tf.exp, log: tf.log, sqrt: tf.sqrt, rsqrt: tf.rsqrt },
  ...{ square: tf.square, reciprocal: tf.reciprocal, erf: tf.erf, softplus: tf.softplus },
  ...{ sin: tf.sin, cos: tf.cos, tan: tf.tan, asin: tf.asin, acos: tf.acos, atan: tf.atan },
  ...{ sinh: tf.sinh, cosh: tf.cosh, tanh: tf.tanh, sigmoid: tf.sigmoid },
  ...{ relu: tf.relu, relu6: tf.relu6, elu: tf.elu, selu: tf.selu },
  ...{ toFloat: (x: tf.Tensor) => tf.cast(x, 'float32') },
};

/** The same without a gradient: nothing before them is trained through them. */
const UNARY_STEPS: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  ...{ floor: tf.floor, ceil: tf.ceil, round: tf.round, sign: tf.sign, logicalNot: tf.logicalNot },
  ...{ zerosLike: tf.zerosLike, onesLike: tf.onesLike },
  toInteger: (x) => tf.cast(x, 'int32'),
  toBoolean: (x) => tf.cast(x, 'bool'),
};

/** Element-wise operations on two tensors, with broadcasting. */
const BINARY: Readonly<Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>> = {
  ...{ add: tf.add, sub: tf.sub, mul: tf.mul, div: tf.div, pow: tf.pow },
  ...{ maximum: tf.maximum, minimum: tf.minimum, atan2: tf.atan2, squaredDifference: tf.squaredDifference },
};

const BINARY_STEPS: typeof BINARY = {
  ...{ floorDiv: tf.floorDiv, mod: tf.mod, equal: tf.equal, notEqual: tf.notEqual, less: tf.less },
  ...{ lessEqual: tf.lessEqual, greater: tf.greater, greaterEqual: tf.greaterEqual },
  ...{ logicalAnd: tf.logicalAnd, logicalOr: tf.logicalOr },
};

const REDUCTIONS = { sum: tf.sum, mean: tf.mean, max: tf.max, min: tf.min, prod: tf.prod } as const;

/** All operations of `TersorFrozenPart`. */
export const STEP_KINDS: ReadonlyMap<string, StepKind> = new Map([
  ...kinds(UNARY, (of) => unary(([x]) => of(x!))),
  ...kinds(UNARY_STEPS, (of) => unary(([x]) => of(flat(x!)))),
  ...kinds(BINARY, (of) => binary(([a, b]) => of(a!, b!))),
  ...kinds(BINARY_STEPS, (of) => binary(([a, b]) => of(flat(a!), flat(b!)))),
  ...kinds(REDUCTIONS, (of) => ({
    inputs: 1,
    shape: ([x], options) => {
      const axes = list(options, 'axes');
      const isKept = options['keep'] === true;
      return x!.flatMap((length, i) => (!axes.includes(i) ? [length] : isKept ? [1] : []));
    },
    run: ([x], options) => of(x!, list(options, 'axes'), options['keep'] === true),
  })),
  ...Object.entries(others()),
]);

function others(): Record<string, StepKind> {
  return {
    where: {
      inputs: 3,
      shape: spread,
      run: ([condition, a, b]) => tf.where(flat(condition!), a!, b!),
    },
    matMul: {
      inputs: 2,
      shape: ([a, b], { turnA, turnB }) => {
        const [left, right] = [turned(a!, turnA), turned(b!, turnB)];
        if (left.length < 2 || right.length < 2 || left.at(-1) !== right.at(-2)) throw misfit([a!, b!]);
        return [...spread([left.slice(0, -2), right.slice(0, -2)]), left.at(-2)!, right.at(-1)!];
      },
      // Backends only multiply float32 matrices.
      run: ([a, b], { turnA, turnB }) => {
        const [left, right] = [a!, b!].map((each) => tf.cast(each, 'float32'));
        const result = tf.matMul(left!, right!, turnA === true, turnB === true);
        return a!.dtype === 'float32' ? result : tf.cast(result, 'int32');
      },
    },
    gather: {
      inputs: 2,
      shape: ([x, indexes], options) => {
        const axis = Number(options['axis']);
        const batches = Number(options['batches'] ?? 0);
        return [...x!.slice(0, axis), ...indexes!.slice(batches), ...x!.slice(axis + 1)];
      },
      run: ([x, indexes], options) => {
        const index = flat(tf.cast(indexes!, 'int32')) as tf.Tensor1D;
        return tf.gather(x!, index, Number(options['axis']), Number(options['batches'] ?? 0));
      },
    },
    // Implemented with tf.gather on flattened rows: tf.gatherND has no gradient.
    gatherNd: {
      inputs: 2,
      shape: ([x, indexes]) => [...indexes!.slice(0, -1), ...x!.slice(indexes!.at(-1))],
      run: ([x, indexes]) => {
        const depth = indexes!.shape.at(-1)!;
        const strides = x!.shape
          .slice(0, depth)
          .map((_, i) => x!.shape.slice(i + 1, depth).reduce((product, length) => product * length, 1));
        const place = tf.sum(
          tf.mul(flat(tf.cast(indexes!, 'int32')), tf.tensor(strides, [depth], 'int32')),
          -1,
        );
        const rest = x!.shape.slice(depth);
        const rows = tf.reshape(x!, [-1, ...rest]);
        const picked = tf.gather(rows, tf.cast(tf.reshape(place, [-1]), 'int32') as tf.Tensor1D, 0);
        return tf.reshape(picked, [...indexes!.shape.slice(0, -1), ...rest]);
      },
    },
    reshape: {
      inputs: 1,
      shape: ([x], options) => {
        const shape = list(options, 'shape');
        if (countOf(shape) !== countOf(x!)) throw misfit([x!, shape]);
        return shape;
      },
      run: ([x], options) => tf.reshape(x!, list(options, 'shape')),
    },
    transpose: {
      inputs: 1,
      shape: ([x], options) => list(options, 'order').map((axis) => x![axis]!),
      run: ([x], options) => tf.transpose(x!, list(options, 'order')),
    },
    concat: {
      shape: (all, options) => {
        const axis = Number(options['axis']);
        return all[0]!.map((length, i) =>
          i === axis ? all.reduce((sum, each) => sum + each[axis]!, 0) : length,
        );
      },
      run: (all, options) => tf.concat([...all], Number(options['axis'])),
    },
    slice: {
      inputs: 1,
      shape: ([x], options) => {
        const [begin, size] = [list(options, 'begin'), list(options, 'size')];
        if (size.some((length, i) => !(begin[i]! >= 0 && begin[i]! + length <= x![i]!)))
          throw misfit([x!, size]);
        return size;
      },
      run: ([x], options) => tf.slice(x!, list(options, 'begin'), list(options, 'size')),
    },
    tile: {
      inputs: 1,
      shape: ([x], options) => list(options, 'times').map((count, i) => count * x![i]!),
      run: ([x], options) => tf.tile(x!, list(options, 'times')),
    },
    pad: {
      inputs: 1,
      shape: ([x], options) => {
        const sides = list(options, 'sides');
        return x!.map((length, i) => length + sides[2 * i]! + sides[2 * i + 1]!);
      },
      run: ([x], options) => {
        const sides = list(options, 'sides');
        const pairs = x!.shape.map((_, i): [number, number] => [sides[2 * i]!, sides[2 * i + 1]!]);
        return tf.pad(x!, pairs, Number(options['value'] ?? 0));
      },
    },
    reverse: {
      inputs: 1,
      shape: ([x]) => x!,
      run: ([x], options) => tf.reverse(x!, list(options, 'axes')),
    },
    cumsum: {
      inputs: 1,
      shape: ([x]) => x!,
      run: ([x], { axis, exclusive, reverse }) =>
        tf.cumsum(x!, Number(axis), exclusive === true, reverse === true),
    },
    softmax: { inputs: 1, shape: ([x]) => x!, run: ([x]) => tf.softmax(x!) },
    logSoftmax: { inputs: 1, shape: ([x]) => x!, run: ([x]) => tf.logSoftmax(x!) },
    argMax: chosen(tf.argMax),
    argMin: chosen(tf.argMin),
    oneHot: {
      inputs: 1,
      shape: ([x], options) => [...x!, Number(options['depth'])],
      run: ([x], { depth, on, off }) =>
        tf.oneHot(flat(tf.cast(x!, 'int32')), Number(depth), Number(on ?? 1), Number(off ?? 0), 'float32'),
    },
  };
}

function kinds<Of>(table: Readonly<Record<string, Of>>, kind: (of: Of) => StepKind): [string, StepKind][] {
  return Object.entries(table).map(([name, of]) => [name, kind(of)]);
}

function unary(run: StepKind['run']): StepKind {
  return { inputs: 1, shape: ([x]) => x!, run };
}

function binary(run: StepKind['run']): StepKind {
  return { inputs: 2, shape: spread, run };
}

function chosen(of: typeof tf.argMax): StepKind {
  return {
    inputs: 1,
    shape: ([x], options) => x!.filter((_, i) => i !== Number(options['axis'])),
    run: ([x], options) => of(flat(x!), Number(options['axis'])),
  };
}

/** Passes values on, but no gradient. */
function flat(x: tf.Tensor): tf.Tensor {
  const withoutSlope = tf.customGrad((given) => ({
    value: tf.clone(given as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }));
  return x.dtype === 'float32' ? withoutSlope(x) : x;
}

/** The shape that several shapes are broadcast to. */
function spread(shapes: readonly Shape[]): Shape {
  const rank = shapes.reduce((most, shape) => Math.max(most, shape.length), 0);
  return Array.from({ length: rank }, (_, i) => {
    const lengths = shapes.map((shape) => shape[i - rank + shape.length] ?? 1);
    const length = lengths.find((each) => each !== 1) ?? 1;
    if (lengths.some((each) => each !== 1 && each !== length)) throw misfit(shapes);
    return length;
  });
}

function turned(shape: Shape, isTurned: unknown): Shape {
  return isTurned === true ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;
}

/** Reads a list of integers. Throws `Error`. */
function list(options: StepOptions, key: string): number[] {
  const value = options[key];
  if (Array.isArray(value) && value.every((each) => Number.isSafeInteger(each))) return value as number[];
  throw new Error(`"${key}" is no list of whole numbers`);
}

/** Number of values of a shape. */
export function countOf(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}

function misfit(shapes: readonly Shape[]): Error {
  return new Error(`the shapes ${shapes.map((shape) => `[${shape.join(', ')}]`).join(' and ')} do not fit`);
}
