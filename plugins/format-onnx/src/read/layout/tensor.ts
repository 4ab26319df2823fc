/**
 * A factor of an axis's length. Each is an object of its own: two tensors that share one have the same
 * positions along it.
 */
export interface Factor {
  readonly size: number;
}

/**
 * A tensor of the network. The file says what its axes are; how its values lie in memory is chosen here, so
 * that images have their channels last and a Transpose or Reshape of the file computes nothing. Both are
 * lists of the same factors. An axis of length 1 has none. The batch comes first, and is in neither.
 *
 * An image of 3 x 4 x 5 (channels first in the file) has the axes `[[c], [h], [w]]` and lies as
 * `[[h], [w], [c]]`. Flattened in the file it has the axes `[[c, h, w]]`, and may still lie as it did.
 */
export interface Tensor {
  readonly kind: 'tensor';
  /** The call that gives it. */
  readonly call: number;
  /** For every axis of the file after the batch its factors, row-major. */
  readonly axes: readonly (readonly Factor[])[];
  /** For every axis of the network, after the batch, its factors as they lie. */
  readonly lies: readonly (readonly Factor[])[];
  /**
   * Whether the file has left the batch out, which it can where that is one image, until a later node puts it
   * back.
   */
  readonly isBare?: boolean;
}

/** An axis of a length: a new factor, or none for 1. */
export function axisOf(size: number): readonly Factor[] {
  return size === 1 ? [] : [{ size }];
}

export function lengthOf(axis: readonly Factor[]): number {
  return axis.reduce((product, { size }) => product * size, 1);
}

/** Lengths of a tensor's axes in the file, after the batch. */
export function sizesOf({ axes }: Pick<Tensor, 'axes'>): number[] {
  return axes.map(lengthOf);
}

/** Whether two lists hold the same factors in the same order. */
export function isSame(left: readonly Factor[], right: readonly Factor[]): boolean {
  return left.length === right.length && left.every((factor, i) => factor === right[i]);
}

/** Whether two lists hold the same factors. */
export function isSameSet(left: readonly Factor[], right: readonly Factor[]): boolean {
  return left.length === right.length && left.every((factor) => right.includes(factor));
}

/**
 * The place in a list of factors, row-major, of each position of another order of the same factors: row
 * `result[i]` of what is in the order `from` is row `i` in the order `to`.
 */
export function rowOrder(from: readonly Factor[], to: readonly Factor[]): number[] {
  const strides = new Map<Factor, number>();
  let stride = 1;
  for (const factor of [...from].reverse()) {
    strides.set(factor, stride);
    stride *= factor.size;
  }
  let rows = [0];
  for (const factor of to) {
    const step = strides.get(factor)!;
    rows = rows.flatMap((row) => Array.from({ length: factor.size }, (_, i) => row + i * step));
  }
  return rows;
}

/** The axes in the order in which they lie, and what belongs to images where that is not decided. */
export function orderOf({ axes, lies }: Tensor): number[] {
  const usual = usualOrder(axes.length);
  const places = new Map(lies.flat().map((factor, place) => [factor, place]));
  const placeOf = (axis: number) => places.get(axes[axis]![0]!) ?? -1;
  const long = usual.filter((axis) => axes[axis]!.length > 0);
  const isUsual = long.every((axis, i) => i === 0 || placeOf(long[i - 1]!) < placeOf(axis));
  if (isUsual) return usual;
  const sorted = [...long].sort((a, b) => placeOf(a) - placeOf(b));
  return [...usual.filter((axis) => axes[axis]!.length === 0), ...sorted];
}

/** Images have their channels last; of other tensors nothing is assumed. */
export function usualOrder(rank: number): number[] {
  return rank === 3 ? [1, 2, 0] : Array.from({ length: rank }, (_, axis) => axis);
}
