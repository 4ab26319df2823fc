import { elementCount } from '@tersor/core';

/**
 * Copies the given indexes along one axis of a row-major array, in the given order, in time linear in the
 * size of the result.
 */
export function gatherAxis(
  data: Float32Array,
  shape: readonly number[],
  axis: number,
  indexes: readonly number[],
): Float32Array {
  const outer = elementCount(shape.slice(0, axis));
  const size = shape[axis]!;
  const inner = elementCount(shape.slice(axis + 1));
  const result = new Float32Array(outer * indexes.length * inner);
  let to = 0;
  for (let o = 0; o < outer; o++) {
    const base = o * size;
    if (inner === 1) {
      for (let i = 0; i < indexes.length; i++) result[to++] = data[base + indexes[i]!]!;
      continue;
    }
    for (let i = 0; i < indexes.length; i++, to += inner) {
      const from = (base + indexes[i]!) * inner;
      result.set(data.subarray(from, from + inner), to);
    }
  }
  return result;
}
