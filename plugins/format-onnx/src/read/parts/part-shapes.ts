import {
  constant,
  constantPart,
  cutPart,
  partShape,
  pickedPart,
  piece,
  rangeOf,
  Refusal,
  reshapedPart,
  withUnitAxis,
  type PartSource,
} from '@tersor/network';
import { float, integer, optionalIntegers, text } from '../attributes.js';
import { axisAt } from '../site.js';
import { axesAt, listAt, partAt, rankOf, type PartOperator } from './part-site.js';

const passed: PartOperator = (site) => [partAt(site, 0)];

const reshape: PartOperator = (site) => {
  const x = partAt(site, 0);
  const target = listAt(site, 'shape', 1) ?? [];
  const keepsZero = integer(site.node, 'allowzero', 0) === 1;
  const dims = partShape(x);
  return [
    reshapedPart(
      x,
      target.map((size, i) => (size === 0 && !keepsZero ? (dims[i] ?? 0) : size)),
    ),
  ];
};

const flatten: PartOperator = (site) => {
  const x = partAt(site, 0);
  const axis = integer(site.node, 'axis', 1);
  const own = axis < 0 ? axis + rankOf(x) : axis;
  const rows = partShape(x)
    .slice(0, own)
    .reduce((product, size) => product * size, 1);
  return [reshapedPart(x, [rows, -1])];
};

const squeeze: PartOperator = (site) => {
  const x = partAt(site, 0);
  const dims = partShape(x);
  const axes = axesAt(site, 1, x) ?? dims.flatMap((size, axis) => (size === 1 ? [axis] : []));
  return [
    reshapedPart(
      x,
      dims.filter((_, axis) => !axes.includes(axis)),
    ),
  ];
};

const unsqueeze: PartOperator = (site) => {
  const x = partAt(site, 0);
  const listed = listAt(site, 'axes', 1) ?? [];
  const rank = rankOf(x) + listed.length;
  const axes = listed.map((axis) => axisAt(axis, rank)).sort((a, b) => a - b);
  return [reshapedPart(x, axes.reduce(withUnitAxis, [...partShape(x)]))];
};

const transpose: PartOperator = (site) => {
  const x = partAt(site, 0);
  const axes = partShape(x).map((_, axis) => axis);
  const order = optionalIntegers(site.node, 'perm') ?? [...axes].reverse();
  if ([...order].sort((a, b) => a - b).join() !== axes.join())
    throw new Refusal(`puts ${axes.length} axes into the order [${order.join(', ')}]`);
  return [piece('transpose', [x], { order })];
};

const concat: PartOperator = (site) => {
  const parts = site.inputs.map((_, i) => partAt(site, i));
  const axis = axisAt(integer(site.node, 'axis', 0), rankOf(parts[0]!));
  return [parts.length === 1 ? parts[0]! : piece('concat', parts, { axis })];
};

const split: PartOperator = (site) => {
  const { node } = site;
  const x = partAt(site, 0);
  const axis = axisAt(integer(node, 'axis', 0), rankOf(x));
  const length = partShape(x)[axis]!;
  const count = node.outputs.length;
  const each = Math.ceil(length / count);
  const sizes =
    listAt(site, 'split', 1) ?? Array.from({ length: count }, (_, i) => Math.min(each, length - i * each));
  if (sizes.length !== count || sizes.reduce((sum, size) => sum + size, 0) !== length)
    throw new Refusal(`cuts ${length} positions into [${sizes.join(', ')}]`);
  let start = 0;
  return sizes.map((size) => cutPart(x, axis, (start += size) - size, size));
};

const slice: PartOperator = (site) => {
  const x = partAt(site, 0);
  const [starts = [], ends = []] = [listAt(site, 'starts', 1), listAt(site, 'ends', 2)];
  const axes = axesAt(site, 3, x) ?? starts.map((_, axis) => axis);
  const steps = listAt(site, 'steps', 4);
  return [
    axes.reduce<PartSource>((part, axis, i) => {
      const indexes = rangeOf(partShape(part)[axis]!, starts[i]!, ends[i]!, steps?.[i] ?? 1);
      return pickedPart(part, axis, indexes);
    }, x),
  ];
};

const gather: PartOperator = (site) => {
  const [x, given] = [partAt(site, 0), partAt(site, 1)];
  const axis = axisAt(integer(site.node, 'axis', 0), rankOf(x));
  const length = partShape(x)[axis]!;
  if (given.kind !== 'constant') return [piece('gather', [x, given], { axis })];
  const places = Array.from(given.data, (place) => (place < 0 ? place + length : place));
  if (places.some((place) => !(place >= 0 && place < length)))
    throw new Refusal(`picks [${places.join(', ')}] of ${length} positions`);
  const dims = partShape(x);
  const shape = [...dims.slice(0, axis), ...given.dims, ...dims.slice(axis + 1)];
  return [reshapedPart(pickedPart(x, axis, places), shape)];
};

const gatherNd: PartOperator = (site) => {
  if (integer(site.node, 'batch_dims', 0) !== 0) throw new Refusal('has batch_dims');
  return [piece('gatherNd', [partAt(site, 0), partAt(site, 1)])];
};

/** Repeats axes of length 1 up to a shape, which may have further axes before. */
const expand: PartOperator = (site) => {
  const x = partAt(site, 0);
  const target = [...constantPart(site.inputs[1], 'a shape').data];
  const rank = Math.max(target.length, rankOf(x));
  const pad = (dims: readonly number[]) => [...Array.from({ length: rank - dims.length }, () => 1), ...dims];
  const [from, to] = [pad(partShape(x)), pad(target)];
  const times = from.map((length, i) => (length === 1 ? to[i]! : 1));
  if (from.some((length, i) => length !== 1 && to[i] !== 1 && to[i] !== length))
    throw new Refusal(`makes [${to.join(', ')}] of [${from.join(', ')}]`);
  const whole = reshapedPart(x, from);
  return [times.every((count) => count === 1) ? whole : piece('tile', [whole], { times })];
};

/** Of zeros or another number; the axes can be listed since opset 18. */
const pad: PartOperator = (site) => {
  const { node, inputs } = site;
  if (text(node, 'mode', 'constant') !== 'constant') throw new Refusal(`pads by ${text(node, 'mode', '')}`);
  const x = partAt(site, 0);
  const pads = listAt(site, 'pads', 1) ?? [];
  const axes = axesAt(site, 3, x) ?? partShape(x).map((_, axis) => axis);
  const sides = partShape(x).flatMap((_, axis) => {
    const i = axes.indexOf(axis);
    return i < 0 ? [0, 0] : [pads[i] ?? 0, pads[i + axes.length] ?? 0];
  });
  if (sides.some((side) => side < 0)) throw new Refusal('pads by less than nothing');
  const value = inputs[2] ? constantPart(inputs[2], 'a value').data[0] : float(node, 'value', 0);
  return [piece('pad', [x], { sides, value })];
};

const tile: PartOperator = (site) => [
  piece('tile', [partAt(site, 0)], { times: [...constantPart(site.inputs[1], 'repeats').data] }),
];

const shape: PartOperator = (site) => {
  const dims = partShape(partAt(site, 0));
  const own = dims.slice(
    integer(site.node, 'start', 0),
    site.node.attributes.has('end') ? integer(site.node, 'end', 0) : undefined,
  );
  return [constant('integer', [own.length], own)];
};

const size: PartOperator = (site) => [
  constant('integer', [], [partShape(partAt(site, 0)).reduce((product, length) => product * length, 1)]),
];

/** Operators that move, pick and repeat values. */
export const PART_SHAPES: Readonly<Record<string, PartOperator>> = {
  Identity: passed,
  Dropout: passed,
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  GatherND: gatherNd,
  Expand: expand,
  Pad: pad,
  Tile: tile,
  Shape: shape,
  Size: size,
};
