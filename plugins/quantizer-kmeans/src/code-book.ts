import { roundToFloat16 } from '@tersor/core';

/**
 * A code book: the centroids and, where needed, zero, ascending; entries that are left repeat the last one
 * and are never used.
 */
export function bookOf(centroids: Float64Array, hasZero: boolean, size: number): Float32Array {
  const values = new Set([...centroids].map(storedValue).filter((value) => value !== 0));
  if (hasZero || values.size === 0) values.add(0);
  const ascending = Float32Array.from(values).sort();
  const book = new Float32Array(size).fill(ascending.at(-1)!);
  book.set(ascending);
  return book;
}

/**
 * Half precision halves the code book's bytes at an error of at most 2^-11 of the value; values too small for
 * that stay float32.
 */
export function storedValue(value: number): number {
  return Math.abs(value) >= 2 ** -14 && Math.abs(value) < 65504 ? roundToFloat16(value) : Math.fround(value);
}

/**
 * Codes of a group by value, and the lower boundary of each. Of equal entries all ranks lead to the first.
 */
export function sortBook(
  codebook: Float32Array,
  order: Uint8Array,
  bounds: Float64Array,
  base: number,
  size: number,
): void {
  const ranked = Array.from({ length: size }, (_, code) => code).sort(
    (a, b) => codebook[base + a]! - codebook[base + b]! || a - b,
  );
  for (let rank = 0; rank < size; rank++) {
    const value = codebook[base + ranked[rank]!]!;
    const below = rank > 0 ? codebook[base + ranked[rank - 1]!]! : -Infinity;
    bounds[base + rank] = (below + value) / 2;
    order[base + rank] = value === below ? order[base + rank - 1]! : ranked[rank]!;
  }
}
