/**
 * The columns of a kernel (rows x outputs) that belong to one of several groups of outputs; the kernel itself
 * where there is one.
 */
export function groupColumns(
  kernel: Float32Array,
  outputs: number,
  groups: number,
  group: number,
): Float32Array {
  if (groups === 1) return kernel;
  const own = outputs / groups;
  const columns = new Float32Array(kernel.length / groups);
  for (let at = 0, from = group * own; at < columns.length; at += own, from += outputs)
    columns.set(kernel.subarray(from, from + own), at);
  return columns;
}

/** Writes such columns back. */
export function setGroupColumns(
  kernel: Float32Array,
  columns: Float32Array,
  outputs: number,
  groups: number,
  group: number,
): void {
  if (groups === 1) return;
  const own = outputs / groups;
  for (let at = 0, to = group * own; at < columns.length; at += own, to += outputs)
    kernel.set(columns.subarray(at, at + own), to);
}
