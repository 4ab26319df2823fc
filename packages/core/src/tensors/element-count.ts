/** Number of elements of a shape; undefined if a size of it is open. */
export function elementCount(shape: readonly number[]): number;
export function elementCount(shape: readonly (number | undefined)[]): number | undefined;
export function elementCount(shape: readonly (number | undefined)[]): number | undefined {
  return shape.reduce(
    (product, size) => (product === undefined || size === undefined ? undefined : product * size),
    1,
  );
}
