import type { Draft } from './draft.js';

/** Sizes of one sample as the layer graph has them: channels last, `undefined` where one is open. */
export type Shape = readonly (number | undefined)[];

/**
 * A tensor of the ONNX graph. Its axes lie in any order, since they are only moved where an operator needs
 * them elsewhere: a permutation by itself costs nothing.
 */
export interface Value {
  readonly name: string;
  readonly shape: Shape;
  /** Which axis of `shape` each axis of the tensor is, the batch left out. */
  readonly axes: readonly number[];
  /**
   * Of a row of values that was an image: its shape, and its axes in the order that the row goes through
   * them. Channels-last order where it is left out, as in the layer graph.
   */
  readonly flattened?: { readonly shape: readonly number[]; readonly axes: readonly number[] };
  /** Zeros that belong around it, which the convolutions that read it add: before and after each position. */
  readonly padding?: readonly (readonly [number, number])[];
  /** Whether it was just rounded to a few levels: layers that read it then multiply in integers. */
  readonly rounded?: boolean;
}

/** Axes of a sample with so many: channels first, as ONNX has them. */
export function channelsFirst(rank: number): number[] {
  return rank < 2 ? channelsLast(rank) : [rank - 1, ...channelsLast(rank - 1)];
}

/** Axes in the order of the layer graph. */
export function channelsLast(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => axis);
}

/** The value with its axes in another order, and a row in the order of the layer graph. */
export function arranged(draft: Draft, value: Value, axes: readonly number[]): Value {
  const row = value.flattened ? inRowOrder(draft, value) : value;
  if (row.axes.join() === axes.join()) return row;
  const perm = [0, ...axes.map((axis) => 1 + row.axes.indexOf(axis))];
  const name = draft.node('Transpose', `${value.name}/transposed`, [row.name], { perm: { ints: perm } });
  return { ...row, name, axes };
}

/** The value as convolutions, pooling and batch norm read it. */
export function imageOf(draft: Draft, value: Value): Value {
  return arranged(draft, value, channelsFirst(value.shape.length));
}

/** What an operator makes of a value whose shape and order it keeps. */
export function same({ rounded: _rounded, ...value }: Value, name: string): Value {
  return { ...value, name };
}

/** A new value, channels first. */
export function image(name: string, shape: Shape): Value {
  return { name, shape, axes: channelsFirst(shape.length) };
}

/** Axis of the tensor, the batch counted, for an axis of the sample; negative ones count from the end. */
export function tensorAxis(value: Value, axis: number): number {
  return 1 + value.axes.indexOf(axis < 0 ? axis + value.shape.length : axis);
}

/** Another shape of the same values, in the order in which they lie. */
export function reshaped(draft: Draft, name: string, from: string, sizes: Shape): string {
  const open = sizes.filter((size) => size === undefined).length;
  // The batch is the open size, or it is taken from the input where another one is.
  const target = open === 0 ? [-1, ...(sizes as number[])] : [0, ...sizes.map((size) => size ?? -1)];
  return draft.node('Reshape', name, [from, draft.integers(`${name}/shape`, target)]);
}

function inRowOrder(draft: Draft, { flattened, ...value }: Value): Value {
  const { shape, axes } = flattened!;
  const opened = reshaped(
    draft,
    `${value.name}/image`,
    value.name,
    axes.map((axis) => shape[axis]),
  );
  const last = arranged(draft, { name: opened, shape, axes }, channelsLast(shape.length));
  return { ...value, name: reshaped(draft, `${value.name}/row`, last.name, value.shape) };
}
