import type { Draft } from './draft.js';

/** Sizes of one sample as in the layer graph: channels last, `undefined` for open sizes. */
export type Shape = readonly (number | undefined)[];

/**
 * A tensor of the ONNX graph. Its axes can be in any order; they are transposed only when an operator needs
 * another order.
 */
export interface Value {
  readonly name: string;
  readonly shape: Shape;
  /** The axis of `shape` for each axis of the tensor, without the batch. */
  readonly axes: readonly number[];
  /**
   * For a flattened image: its shape, and its axes in the order of the values. If left out, the order is
   * channels last, as in the layer graph.
   */
  readonly flattened?: { readonly shape: readonly number[]; readonly axes: readonly number[] };
  /** Zeros before and after each spatial axis, which the convolutions that read it must add. */
  readonly padding?: readonly (readonly [number, number])[];
  /** Whether it was just rounded to a few levels, so that layers that read it multiply in integers. */
  readonly rounded?: boolean;
}

/** The axes of a sample of this rank, channels first, as in ONNX. */
export function channelsFirst(rank: number): number[] {
  return rank < 2 ? channelsLast(rank) : [rank - 1, ...channelsLast(rank - 1)];
}

/** The axes of a sample of this rank, in the order of the layer graph. */
export function channelsLast(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => axis);
}

/** The value with its axes in another order; a flattened image in the order of the layer graph. */
export function arranged(draft: Draft, value: Value, axes: readonly number[]): Value {
  const row = value.flattened ? inRowOrder(draft, value) : value;
  if (row.axes.join() === axes.join()) return row;
  const perm = [0, ...axes.map((axis) => 1 + row.axes.indexOf(axis))];
  const name = draft.node('Transpose', `${value.name}/transposed`, [row.name], { perm: { ints: perm } });
  return { ...row, name, axes };
}

/** The value in the order that convolutions, pooling and batch norm need. */
export function imageOf(draft: Draft, value: Value): Value {
  return arranged(draft, value, channelsFirst(value.shape.length));
}

/** The result of an operator that keeps the shape and order of a value. */
export function same({ rounded: _rounded, ...value }: Value, name: string): Value {
  return { ...value, name };
}

/** A new value, channels first. */
export function image(name: string, shape: Shape): Value {
  return { name, shape, axes: channelsFirst(shape.length) };
}

/** Axis of the tensor, counting the batch, for an axis of the sample; negative ones count from the end. */
export function tensorAxis(value: Value, axis: number): number {
  return 1 + value.axes.indexOf(axis < 0 ? axis + value.shape.length : axis);
}

/** Reshapes a tensor, keeping the order of its values. */
export function reshaped(draft: Draft, name: string, from: string, sizes: Shape): string {
  const open = sizes.filter((size) => size === undefined).length;
  // The batch is the open size (-1), or is copied from the input (0) if another size is open.
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
