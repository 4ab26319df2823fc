/**
 * A factor of an axis's length. Factors are compared by identity: two tensors that share one have the same
 * positions along it.
 */
export interface Factor {
  readonly size: number;
}

/**
 * A tensor of the network. The file determines its axes; its memory layout is chosen here, so that images
 * have their channels last and a Transpose or Reshape in the file computes nothing. Both are lists of the
 * same factors. An axis of length 1 has none. The batch comes first, and is in neither.
 *
 * An image of 3 x 4 x 5 (channels first in the file) has the axes `[[c], [h], [w]]` and lies as
 * `[[h], [w], [c]]`. Flattened in the file it has the axes `[[c, h, w]]`, and may still lie as it did.
 */
export interface Tensor {
  readonly kind: 'tensor';
  /** The call that computes it. */
  readonly call: number;
  /** For every axis in the file, after the batch, its factors, row-major. */
  readonly axes: readonly (readonly Factor[])[];
  /** For every axis in memory, after the batch, its factors. */
  readonly lies: readonly (readonly Factor[])[];
  /**
   * Whether the file has removed the batch axis, which it can if the batch is one image, until a later node
   * adds it again.
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
 * Maps row-major positions between two orders of the same factors: row `result[i]` in the order `from` is row
 * `i` in the order `to`.
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

/** The axes of the file in memory order; where that is undetermined, in the usual order. */
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
