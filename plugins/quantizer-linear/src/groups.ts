import { elementCount } from '@tersor/core';

/** A weight array seen as groups along one axis: element (o, g, i) is at `(o * groups + g) * inner + i`. */
export interface GroupLayout {
  readonly outer: number;
  readonly groups: number;
  readonly inner: number;
}

/** Layout of a row-major array with one group per index of `axis`; axis -1 is one group. */
export function groupLayout(shape: readonly number[], axis: number): GroupLayout {
  if (axis < 0) return { outer: 1, groups: 1, inner: elementCount(shape) };
  return {
    outer: elementCount(shape.slice(0, axis)),
    groups: shape[axis]!,
    inner: elementCount(shape.slice(axis + 1)),
  };
}

/** Copies the values of one group into `target`, which has `outer * inner` elements. */
export function gatherGroup(
  data: Float32Array,
  { outer, groups, inner }: GroupLayout,
  group: number,
  target: Float32Array,
): void {
  let to = 0;
  for (let o = 0; o < outer; o++) {
    const from = (o * groups + group) * inner;
    for (let i = 0; i < inner; i++) target[to++] = data[from + i]!;
  }
}
