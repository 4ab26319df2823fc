import type { Constant } from '../file/onnx-model.js';
import { Refusal } from '../refusal.js';

/** Most values that a constant may have which is worked out from others: shapes and weights, no images. */
const MAX_VALUES = 2 ** 27;

/** How many values a shape has. Throws a `Refusal` for one that is too large to be worked out. */
export function countOf(dims: readonly number[]): number {
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (dims.some((dim) => !Number.isSafeInteger(dim) || dim < 0) || !(count <= MAX_VALUES))
    throw new Refusal(`makes a constant of the shape [${dims.join(', ')}]`);
  return count;
}

/** A constant of numbers, its data in the form of its type. */
export function constant(
  type: Constant['type'],
  dims: readonly number[],
  values: Float32Array | Float64Array | readonly number[],
): Constant {
  const data = type === 'float' ? Float32Array.from(values) : Float64Array.from(values);
  return { kind: 'constant', type, dims, data };
}

/** The shape that several are spread to. */
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

/** Works constants out value by value, spread to one shape. */
export function mapped(
  type: Constant['type'],
  constants: readonly Constant[],
  value: (...values: number[]) => number,
): Constant {
  const dims = spreadDims(constants.map((each) => each.dims));
  const count = countOf(dims);
  const data = type === 'float' ? new Float32Array(count) : new Float64Array(count);
  const places = constants.map((each) => placesOf(each.dims, dims));
  for (let i = 0; i < count; i++)
    data[i] = value(...constants.map((each, which) => each.data[places[which]!(i)]!));
  return { kind: 'constant', type, dims, data };
}

/** Where a value of the spread shape comes from in the smaller one. */
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

/** Values from one of an axis to the next, row-major. */
function stridesOf(dims: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const dim of [...dims].reverse()) {
    strides.unshift(stride);
    stride *= dim;
  }
  return strides;
}

/** Values picked by their indexes along every axis. */
export function picked(source: Constant, indexes: readonly (readonly number[])[]): Constant {
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
