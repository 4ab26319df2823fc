import { Refusal } from './lowered-layer.js';

/** An array that is known before a network runs: a weight, or a computed shape. */
export interface ConstantArray {
  readonly kind: 'constant';
  /** Type of its values; integers are exact up to 2^53. */
  readonly type: 'float' | 'integer' | 'boolean';
  readonly dims: readonly number[];
  /** Row-major. */
  readonly data: Float32Array | Float64Array;
}

/** Most values of a constant that is computed from others. */
const MAX_VALUES = 2 ** 27;

/** Number of values of a shape. Throws a `Refusal` if it is too large. */
export function countOf(dims: readonly number[]): number {
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (dims.some((dim) => !Number.isSafeInteger(dim) || dim < 0) || !(count <= MAX_VALUES))
    throw new Refusal(`makes a constant of the shape [${dims.join(', ')}]`);
  return count;
}

/** Creates a constant. */
export function constant(
  type: ConstantArray['type'],
  dims: readonly number[],
  values: Float32Array | Float64Array | readonly number[],
): ConstantArray {
  const data = type === 'float' ? Float32Array.from(values) : Float64Array.from(values);
  return { kind: 'constant', type, dims, data };
}

/** The shape that several shapes are broadcast to. */
function spreadDims(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const lengths = shapes.map((shape) => shape[i - rank + shape.length] ?? 1);
    const length = lengths.find((each) => each !== 1) ?? 1;
    if (lengths.some((each) => each !== 1 && each !== length))
      throw new Refusal(`combines shapes ${shapes.map((shape) => `[${shape.join(', ')}]`).join(' and ')}`);
    return length;
  });
}

/** Computes a constant element by element from others, which are broadcast to one shape. */
export function mapped(
  type: ConstantArray['type'],
  constants: readonly ConstantArray[],
  value: (...values: number[]) => number,
): ConstantArray {
  const dims = spreadDims(constants.map((each) => each.dims));
  const count = countOf(dims);
  const data = type === 'float' ? new Float32Array(count) : new Float64Array(count);
  const places = constants.map((each) => placesOf(each.dims, dims));
  for (let i = 0; i < count; i++)
    data[i] = value(...constants.map((each, which) => each.data[places[which]!(i)]!));
  return { kind: 'constant', type, dims, data };
}

/** Maps an index in the broadcast shape to the index in an operand. */
function placesOf(own: readonly number[], dims: readonly number[]): (index: number) => number {
  if (own.join() === dims.join()) return (index) => index;
  const strides = stridesOf(own);
  return (index) => {
    let [rest, place] = [index, 0];
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const at = rest % dims[axis]!;
      rest = (rest - at) / dims[axis]!;
      const mine = axis - dims.length + own.length;
      if (mine >= 0 && own[mine] !== 1) place += at * strides[mine]!;
    }
    return place;
  };
}

/** Row-major strides of a shape. */
function stridesOf(dims: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const dim of [...dims].reverse()) {
    strides.unshift(stride);
    stride *= dim;
  }
  return strides;
}

/** Selects values by lists of indexes along every axis. */
export function picked(source: ConstantArray, indexes: readonly (readonly number[])[]): ConstantArray {
  const dims = indexes.map((each) => each.length);
  const count = countOf(dims);
  const strides = stridesOf(source.dims);
  const data = source.type === 'float' ? new Float32Array(count) : new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let [rest, place] = [i, 0];
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const at = rest % dims[axis]!;
      rest = (rest - at) / dims[axis]!;
      place += indexes[axis]![at]! * strides[axis]!;
    }
    data[i] = source.data[place]!;
  }
  return { kind: 'constant', type: source.type, dims, data };
}

/** Concatenates arrays along an axis. Throws a `Refusal` if their other lengths differ. */
export function joinedArrays(parts: readonly ConstantArray[], axis: number): ConstantArray {
  const first = parts[0];
  if (!first) throw new Refusal('joins nothing');
  const isAlike = parts.every(
    ({ dims }) =>
      dims.length === first.dims.length && dims.every((dim, i) => i === axis || dim === first.dims[i]),
  );
  if (!isAlike) throw new Refusal('joins constants of different shapes');
  const outer = first.dims.slice(0, axis).reduce((product, dim) => product * dim, 1);
  const length = parts.reduce((sum, { dims }) => sum + dims[axis]!, 0);
  const dims = first.dims.map((dim, i) => (i === axis ? length : dim));
  const count = countOf(dims);
  const data = first.type === 'float' ? new Float32Array(count) : new Float64Array(count);
  let at = 0;
  for (let i = 0; i < outer; i++)
    for (const part of parts) {
      const size = part.data.length / outer;
      data.set(part.data.subarray(i * size, (i + 1) * size), at);
      at += size;
    }
  return { kind: 'constant', type: first.type, dims, data };
}

/** Transposes an array: axis `order[i]` becomes axis `i`. */
export function turnedArray(given: ConstantArray, order: readonly number[]): ConstantArray {
  const strides = order.map((axis) => given.dims.slice(axis + 1).reduce((product, dim) => product * dim, 1));
  const dims = order.map((axis) => given.dims[axis]!);
  // Row-major source index of every value of the result.
  const places = dims.reduce<number[]>(
    (before, dim, axis) =>
      before.flatMap((place) => Array.from({ length: dim }, (_, i) => place + i * strides[axis]!)),
    [0],
  );
  return { ...picked({ ...given, dims: [given.data.length] }, [places]), dims };
}

/**
 * The indexes of a range with steps along an axis; negative positions count from its end. Throws `Refusal`
 * for steps of 0.
 */
export function rangeOf(length: number, start: number, end: number, step: number): number[] {
  if (step === 0) throw new Refusal('goes on in steps of 0');
  const low = step > 0 ? 0 : -1;
  const within = (place: number) =>
    Math.min(Math.max(place < 0 ? place + length : place, low), step > 0 ? length : length - 1);
  const [first, last] = [within(start), within(end)];
  const count = Math.max(0, Math.ceil((last - first) / step));
  return Array.from({ length: count }, (_, i) => first + i * step);
}
