/** A whole number with thousands set apart. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Bytes in MiB (2^20 bytes), as a whole number with thousands set apart. */
export function mebibytes(bytes: number): string {
  return grouped(bytes / 2 ** 20);
}
