/** A fraction as a percentage with two decimals. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}

/** A number rounded to an integer, with thousands separators. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Bytes in MiB (2^20 bytes), rounded to an integer, with thousands separators and without the unit. */
export function mebibytes(bytes: number): string {
  return grouped(bytes / 2 ** 20);
}
