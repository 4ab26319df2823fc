/**
 * For each element of a permuted array, in row-major order, its index in the original array. Axis i of the
 * new array is axis `perm[i]` of the original.
 */
export function sourceIndexes(shape: readonly number[], perm: readonly number[]): Int32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const sizes = perm.map((axis) => shape[axis]!);
  const steps = perm.map((axis) => strides[axis]!);
  let indexes = Int32Array.of(0);
  // Axis by axis: each index so far is expanded by all indexes of the next axis.
  for (const [axis, size] of sizes.entries()) {
    const longer = new Int32Array(indexes.length * size);
    const step = steps[axis]!;
    let at = 0;
    for (const index of indexes) for (let i = 0; i < size; i++) longer[at++] = index + i * step;
    indexes = longer;
  }
  return indexes;
}

/** The elements at these indexes. */
export function gathered(data: Float32Array, indexes: Int32Array): Float32Array {
  const result = new Float32Array(indexes.length);
  for (let i = 0; i < result.length; i++) result[i] = data[indexes[i]!]!;
  return result;
}
