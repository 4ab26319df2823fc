import { axisOf, isSame, sizesOf, type Factor, type Tensor } from './tensor.js';

/**
 * The tensor with other axes, row-major, without moving its values. `undefined` if its factors cannot be
 * divided that way, so that it must have the file's memory order first.
 */
export function reshaped(tensor: Tensor, sizes: readonly number[]): Tensor | undefined {
  let current = tensor;
  const rest = tensor.axes.flat();
  const axes: Factor[][] = [];
  for (const size of sizes) {
    const axis: Factor[] = [];
    let missing = size;
    while (missing > 1) {
      const factor = rest.shift();
      if (!factor) return undefined;
      if (missing % factor.size === 0) {
        axis.push(factor);
        missing /= factor.size;
        continue;
      }
      if (factor.size % missing !== 0) return undefined;
      const parts = [{ size: missing }, { size: factor.size / missing }] as const;
      current = split(current, factor, parts);
      axis.push(parts[0]);
      rest.unshift(parts[1]);
      missing = 1;
    }
    axes.push(axis);
  }
  return rest.length === 0 ? { ...current, axes } : undefined;
}

/** The tensor as a single axis, which can be divided anywhere; it must have the file's memory order. */
export function asOneFactor(tensor: Tensor): Tensor {
  const row = axisOf(sizesOf(tensor).reduce((product, size) => product * size, 1));
  if (!isSame(tensor.axes.flat(), tensor.lies.flat())) throw new Error('It lies in another order.');
  return { ...tensor, axes: [row], lies: [row] };
}

function split(tensor: Tensor, factor: Factor, parts: readonly Factor[]): Tensor {
  const cut = (axes: readonly (readonly Factor[])[]) =>
    axes.map((axis) => axis.flatMap((each) => (each === factor ? parts : [each])));
  return { ...tensor, axes: cut(tensor.axes), lies: cut(tensor.lies) };
}

/**
 * Two tensors of equal rank, divided until axes of equal length consist of factors of the same sizes.
 * `undefined` if that is not possible.
 */
export function refined(left: Tensor, right: Tensor): readonly [Tensor, Tensor] | undefined {
  let pair: [Tensor, Tensor] = [left, right];
  for (let axis = 0; axis < left.axes.length; axis++) {
    for (let i = 0; ; i++) {
      const [a, b] = [pair[0].axes[axis]!, pair[1].axes[axis]!];
      // Length 1 in one of them (broadcast), or nothing left.
      if (a.length === 0 || b.length === 0 || (i >= a.length && i >= b.length)) break;
      if (i >= a.length || i >= b.length) return undefined;
      const [x, y] = [a[i]!, b[i]!];
      if (x.size === y.size) continue;
      const [larger, smaller, which] = x.size > y.size ? [x, y, 0] : [y, x, 1];
      if (larger.size % smaller.size !== 0) return undefined;
      const parts = [{ size: smaller.size }, { size: larger.size / smaller.size }];
      pair =
        which === 0 ? [split(pair[0], larger, parts), pair[1]] : [pair[0], split(pair[1], larger, parts)];
    }
  }
  return pair;
}
