import { known, numbers, type LayerWriter, type WriteSite } from '../site.js';
import {
  arranged,
  channelsFirst,
  channelsLast,
  image,
  imageOf,
  reshaped,
  tensorAxis,
  type Shape,
  type Value,
} from '../value.js';

/** Layers that move, drop, repeat or rename positions and channels, and compute nothing. */
export const SHAPES: Readonly<Record<string, LayerWriter>> = {
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  RepeatVector: repeat,
  Cropping2D: crop,
  TersorSlice: slice,
  TersorChannelShuffle: shuffle,
};

/** Flattens an image in its memory order; the kernel of a Dense that reads it is reordered. */
function flatten(site: WriteSite): Value {
  const { draft, layer, outputShape } = site;
  const input = site.inputs[0]!;
  if (input.shape.length < 2) return input.shape.length === 1 ? input : reshape(site);
  const axes = input.axes;
  const isOrdered = isInOrder(input.shape, axes);
  const whole = isOrdered || input.shape.every((size) => size !== undefined);
  const from = whole ? input : arranged(draft, input, channelsLast(input.shape.length));
  const name = draft.node('Flatten', layer.name, [from.name]);
  const row: Value = { name, shape: outputShape, axes: [0] };
  return isOrdered || !whole ? row : { ...row, flattened: { shape: input.shape as number[], axes } };
}

function reshape({ draft, layer, inputs, outputShape }: WriteSite): Value {
  const input = inputs[0]!;
  const first = channelsFirst(outputShape.length);
  // If at most one axis is longer than 1, all orders of the axes are the same.
  const axes = isInOrder(outputShape, first) ? first : channelsLast(outputShape.length);
  const isOrdered = !input.flattened && isInOrder(input.shape, input.axes);
  const from = isOrdered ? input : arranged(draft, input, channelsLast(input.shape.length));
  const sizes = axes.map((axis) => outputShape[axis]);
  return { name: reshaped(draft, layer.name, from.name, sizes), shape: outputShape, axes };
}

/** Whether values have the memory order of channels last; axes of length 1 may be anywhere. */
function isInOrder(shape: Shape, axes: readonly number[]): boolean {
  const long = axes.filter((axis) => shape[axis] !== 1);
  return long.every((axis, i) => i === 0 || axis > long[i - 1]!);
}

/** A Permute moves no data: it only renames axes. */
function permute({ draft, layer, inputs, outputShape }: WriteSite): Value {
  const dims = (layer.config['dims'] as number[]).map((dim) => dim - 1);
  const input = arranged(draft, inputs[0]!, inputs[0]!.axes);
  return { name: input.name, shape: outputShape, axes: input.axes.map((axis) => dims.indexOf(axis)) };
}

function repeat({ draft, layer, inputs, outputShape }: WriteSite): Value {
  const input = arranged(draft, inputs[0]!, [0]);
  const opened = draft.node('Unsqueeze', `${layer.name}/opened`, [
    input.name,
    draft.integers(`${layer.name}/axes`, [2]),
  ]);
  const copies = Array.from({ length: known(outputShape, 0) }, () => opened);
  return image(draft.node('Concat', layer.name, copies, { axis: { int: 2 } }), outputShape);
}

function crop(site: WriteSite): Value {
  const { draft, layer, outputShape } = site;
  const [rows, columns] = sidesOf(layer.config['cropping']);
  const input = imageOf(draft, site.inputs[0]!);
  const end = (after: number) => (after === 0 ? Number.MAX_SAFE_INTEGER : -after);
  const name = draft.node('Slice', layer.name, [
    input.name,
    draft.integers(`${layer.name}/starts`, [rows[0], columns[0]]),
    draft.integers(`${layer.name}/ends`, [end(rows[1]), end(columns[1])]),
    draft.integers(`${layer.name}/axes`, [2, 3]),
  ]);
  return image(name, outputShape);
}

/** Settings for before and after rows and columns: one number for all, one each, or all four. */
export function sidesOf(value: unknown): [[number, number], [number, number]] {
  const [rows, columns] = Array.isArray(value) ? (value as unknown[]) : [value, value];
  return [numbers(rows, 2, 0) as [number, number], numbers(columns, 2, 0) as [number, number]];
}

/** Its axis counts the batch. */
function slice({ draft, layer, inputs, outputShape }: WriteSite): Value {
  const { axis, start, end, step } = layer.config as Record<'axis' | 'start' | 'end' | 'step', number>;
  const input = arranged(draft, inputs[0]!, channelsFirst(inputs[0]!.shape.length));
  const name = draft.node('Slice', layer.name, [
    input.name,
    draft.integers(`${layer.name}/starts`, [start]),
    draft.integers(`${layer.name}/ends`, [end]),
    draft.integers(`${layer.name}/axes`, [tensorAxis(input, axis - 1)]),
    draft.integers(`${layer.name}/steps`, [step]),
  ]);
  return image(name, outputShape);
}

/** The form that exporters write: groups and their channels as two axes, in turn. */
function shuffle({ draft, layer, inputs, outputShape }: WriteSite): Value {
  const groups = Number(layer.config['groups']);
  const input = imageOf(draft, inputs[0]!);
  const positions = input.shape.slice(0, -1);
  const channels = known(input.shape, -1);
  const apart = reshaped(draft, `${layer.name}/groups`, input.name, [
    groups,
    channels / groups,
    ...positions,
  ]);
  const perm = [0, 2, 1, ...positions.map((_, i) => 3 + i)];
  const turned = draft.node('Transpose', `${layer.name}/turned`, [apart], { perm: { ints: perm } });
  return image(reshaped(draft, layer.name, turned, [channels, ...positions]), outputShape);
}
