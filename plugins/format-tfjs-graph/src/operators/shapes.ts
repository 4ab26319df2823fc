import { flag, integers, number, text } from '../node.js';
import type { Operator, Site } from '../site.js';
import { numbersOf, Refusal, tensorOf, type Tensor } from '../value.js';

/** Sizes of one sample as they become: `-1` is worked out, the batch stays. Throws `Refusal`. */
function reshaped(site: Site, x: Tensor, target: readonly number[]): Tensor {
  const [batch, ...sizes] = target;
  const values = x.shape.reduce<number>((product, length) => product * (length ?? NaN), 1);
  if (Number.isNaN(values)) throw new Refusal('changes the shape of an open size');
  const known = sizes.filter((length) => length !== -1).reduce((product, length) => product * length, 1);
  const whole = sizes.map((length) => (length === -1 ? values / known : length));
  const isBatch = batch !== undefined && (Number.isNaN(batch) || batch === -1 || batch === 1);
  if (!isBatch || whole.reduce((product, length) => product * length, 1) !== values)
    throw new Refusal(`gives the shape [${target.join(', ')}], of which the first axis is not the batch`);
  if (whole.join() === x.shape.join()) return x;
  return whole.length === 1
    ? site.add({ className: 'Flatten', inputs: [x], shape: whole })
    : site.add({ className: 'Reshape', config: { target_shape: whole }, inputs: [x], shape: whole });
}

function axisOf(axis: number, x: Tensor, added = 0): number {
  return axis < 0 ? axis + x.shape.length + 1 + added : axis;
}

function pad(site: Site): Tensor {
  const { node, inputs } = site;
  const x = tensorOf(inputs[0], 3);
  const flat = numbersOf(inputs[1], 'paddings');
  const [batch, rows, columns, channels] = [0, 2, 4, 6].map((at): [number, number] => [
    flat[at]!,
    flat[at + 1]!,
  ]);
  const value = node.op === 'PadV2' ? numbersOf(inputs[2], 'a value')[0]! : 0;
  const mode = node.op === 'MirrorPad' ? text(node, 'mode') : 'CONSTANT';
  if (Math.max(...batch!) > 0) throw new Refusal('pads the batch');
  if (mode === 'SYMMETRIC') throw new Refusal('has mode: SYMMETRIC');
  const hasChannels = Math.max(...channels!) > 0;
  if (hasChannels && (value !== 0 || mode !== 'CONSTANT'))
    throw new Refusal('pads the channels with other values than 0');
  const sides = [rows!, columns!];
  const wide = hasChannels ? moreChannels(site, x, channels!, Math.max(...rows!, ...columns!) > 0) : x;
  if (Math.max(...rows!, ...columns!) === 0) return wide;
  const shape = wide.shape.map((length, axis) =>
    length === undefined ? undefined : length + (sides[axis]?.[0] ?? 0) + (sides[axis]?.[1] ?? 0),
  );
  if (value === 0 && mode === 'CONSTANT')
    return site.add({ className: 'ZeroPadding2D', config: { padding: sides }, inputs: [wide], shape });
  const config = { padding: sides, value, mode: mode === 'REFLECT' ? 'reflect' : 'constant' };
  return site.add({ className: 'TersorPad2D', config, inputs: [wide], shape });
}

/** Channels of zeros: a part of the channels times zero. */
function moreChannels(
  site: Site,
  x: Tensor,
  [before, after]: readonly [number, number],
  isFollowed: boolean,
): Tensor {
  const channels = x.shape[2];
  if (channels === undefined || Math.max(before, after) > channels)
    throw new Refusal(`adds ${Math.max(before, after)} channels to ${String(channels)}`);
  const zeros = (count: number, side: string): Tensor[] => {
    if (count === 0) return [];
    const shape = [...x.shape.slice(0, 2), count];
    const part =
      count === channels
        ? x
        : site.add({
            className: 'TersorSlice',
            config: { axis: 3, start: 0, end: count, step: 1 },
            inputs: [x],
            shape,
            ending: `${side}_part`,
          });
    const config = { scale: 0, offset: 0 };
    return [site.add({ className: 'Rescaling', config, inputs: [part], shape, ending: `${side}_zeros` })];
  };
  const inputs = [...zeros(before, 'before'), x, ...zeros(after, 'after')];
  const shape = [...x.shape.slice(0, 2), channels + before + after];
  const ending = isFollowed ? { ending: 'channels' } : {};
  return site.add({ className: 'Concatenate', config: { axis: -1 }, inputs, shape, ...ending });
}

const concatenation: Operator = (site) => {
  const tensors = site.inputs.slice(0, -1).map((each) => tensorOf(each));
  const [first] = tensors;
  const axis = axisOf(numbersOf(site.inputs.at(-1), 'an axis')[0]!, first!);
  if (axis === 0) throw new Refusal('joins batches');
  const lengths = tensors.map(({ shape }) => shape[axis - 1]);
  const shape = first!.shape.map((length, i) =>
    i === axis - 1
      ? lengths.reduce((sum, each) => (sum === undefined || each === undefined ? undefined : sum + each), 0)
      : length,
  );
  return site.add({ className: 'Concatenate', config: { axis }, inputs: tensors, shape });
};

/** An image of another size, by the pixels that TensorFlow takes. */
function resize(interpolation: 'nearest' | 'bilinear'): Operator {
  return (site) => {
    const x = tensorOf(site.inputs[0], 3);
    const size = numbersOf(site.inputs[1], 'a size');
    if (size.some((length) => !(length > 0)))
      throw new Refusal('gives a size that is not known before it runs');
    const isAligned = flag(site.node, 'align_corners');
    const isHalf = flag(site.node, 'half_pixel_centers');
    const shape = [...size, x.shape[2]];
    const [rows, columns] = [0, 1].map((axis) => size[axis]! / (x.shape[axis] ?? NaN));
    if (!isAligned && !isHalf && Number.isInteger(rows) && Number.isInteger(columns))
      return site.add({
        className: 'UpSampling2D',
        config: { size: [rows, columns], interpolation },
        inputs: [x],
        shape,
      });
    const coordinates = isAligned ? 'align_corners' : isHalf ? 'half_pixel' : 'asymmetric';
    const rounding = isAligned || isHalf ? 'round_prefer_ceil' : 'floor';
    return site.add({
      className: 'TersorResize2D',
      config: { size, interpolation, coordinates, rounding },
      inputs: [x],
      shape,
    });
  };
}

const transpose: Operator = (site) => {
  const x = tensorOf(site.inputs[0]);
  const order = numbersOf(site.inputs[1], 'an order');
  if (order.every((axis, i) => axis === i)) return x;
  if (order[0] !== 0) throw new Refusal(`has the order ${order.join(', ')}, which moves the batch`);
  const shape = order.slice(1).map((axis) => x.shape[axis - 1]);
  return site.add({ className: 'Permute', config: { dims: order.slice(1) }, inputs: [x], shape });
};

/** A range of one axis. */
function sliced(
  site: Site,
  x: Tensor,
  axis: number,
  range: readonly [number, number, number],
  ending?: string,
): Tensor {
  const [start, end, step] = range;
  const length = x.shape[axis - 1];
  if (start === 0 && end === length && step === 1) return x;
  if (!(step > 0)) throw new Refusal('goes backwards');
  const shape = x.shape.map((each, i) => (i === axis - 1 ? Math.ceil((end - start) / step) : each));
  const config = { axis, start, end, step };
  return site.add({
    className: 'TersorSlice',
    config,
    inputs: [x],
    shape,
    ...(ending !== undefined && { ending }),
  });
}

/** Equal parts of an axis, or parts of given lengths. */
const split: Operator = (site) => {
  const isSized = site.node.op === 'SplitV';
  const x = tensorOf(site.inputs[isSized ? 0 : 1]);
  const axis = axisOf(numbersOf(site.inputs[isSized ? 2 : 0], 'an axis')[0]!, x);
  const length = axis > 0 ? x.shape[axis - 1] : undefined;
  if (length === undefined) throw new Refusal('cuts the batch, or an open size');
  const count = number(site.node, 'num_split', 1);
  const sizes = isSized
    ? numbersOf(site.inputs[1], 'sizes')
    : Array.from({ length: count }, () => length / count);
  const rest = length - sizes.filter((each) => each >= 0).reduce((sum, each) => sum + each, 0);
  let start = 0;
  return sizes.map((each, i) => {
    const end = start + (each < 0 ? rest : each);
    const part = sliced(site, x, axis, [start, end, 1], String(i));
    start = end;
    return part;
  });
};

const slice: Operator = (site) => {
  const x = tensorOf(site.inputs[0]);
  const starts = numbersOf(site.inputs[1], 'a beginning');
  const sizes = numbersOf(site.inputs[2], 'a size');
  if (starts[0] !== 0) throw new Refusal('cuts the batch');
  return x.shape.reduce<Tensor>((part, length, i) => {
    const start = starts[i + 1]!;
    const size = sizes[i + 1]!;
    if (length === undefined && (start !== 0 || size !== -1)) throw new Refusal('cuts an open size');
    if (length === undefined) return part;
    return sliced(site, part, i + 1, [start, size === -1 ? length : start + size, 1], `axis_${i + 1}`);
  }, x);
};

/** A range of several axes, whole or in steps. */
const stridedSlice: Operator = (site) => {
  const { node, inputs } = site;
  const x = tensorOf(inputs[0]);
  const [starts, ends, steps] = [1, 2, 3].map((i) => numbersOf(inputs[i], 'a range'));
  const mask = (key: string, axis: number) => ((number(node, key, 0) >> axis) & 1) === 1;
  const isOpen = (axis: number) => mask('begin_mask', axis) && mask('end_mask', axis);
  if (number(node, 'ellipsis_mask', 0) + number(node, 'new_axis_mask', 0) > 0)
    throw new Refusal('has an ellipsis or a new axis');
  const isWholeBatch = isOpen(0) || (starts![0] === 0 && mask('end_mask', 0));
  if (!isWholeBatch || mask('shrink_axis_mask', 0)) throw new Refusal('cuts the batch');
  const gone: number[] = [];
  const part = x.shape.reduce<Tensor>((before, length, i) => {
    const axis = i + 1;
    if (axis >= starts!.length || isOpen(axis)) return before;
    if (length === undefined) throw new Refusal('cuts an open size');
    const place = (at: number) => Math.min(Math.max(at < 0 ? at + length : at, 0), length);
    const start = mask('begin_mask', axis) ? 0 : place(starts![axis]!);
    const isOne = mask('shrink_axis_mask', axis);
    if (isOne) gone.push(axis);
    const end = isOne ? start + 1 : mask('end_mask', axis) ? length : place(ends![axis]!);
    return sliced(site, before, axis, [start, end, isOne ? 1 : steps![axis]!], `axis_${axis}`);
  }, x);
  const rest = part.shape.filter((_, i) => !gone.includes(i + 1)).map((length) => length ?? NaN);
  return gone.length > 0 ? reshaped(site, part, [-1, ...rest]) : part;
};

/** Operators that change shapes and choose parts. */
export const SHAPE_OPERATORS: Readonly<Record<string, Operator>> = {
  Reshape: (site) => reshaped(site, tensorOf(site.inputs[0]), numbersOf(site.inputs[1], 'a shape')),
  Squeeze: (site) => {
    const x = tensorOf(site.inputs[0]);
    const stated = integers(site.node, 'squeeze_dims').map((axis) => axisOf(axis, x));
    if (stated.includes(0)) throw new Refusal('takes the axis of the batch away');
    const isGone = (length: number | undefined, i: number) =>
      stated.length > 0 ? stated.includes(i + 1) : length === 1;
    return reshaped(site, x, [
      -1,
      ...x.shape.filter((length, i) => !isGone(length, i)).map((each) => each ?? NaN),
    ]);
  },
  ExpandDims: (site) => {
    const x = tensorOf(site.inputs[0]);
    const axis = axisOf(numbersOf(site.inputs[1], 'an axis')[0]!, x, 1);
    if (axis === 0) throw new Refusal('puts an axis before the batch');
    const shape = x.shape.map((length) => length ?? NaN);
    return reshaped(site, x, [-1, ...shape.slice(0, axis - 1), 1, ...shape.slice(axis - 1)]);
  },
  Pad: pad,
  PadV2: pad,
  MirrorPad: pad,
  ConcatV2: concatenation,
  ResizeBilinear: resize('bilinear'),
  ResizeNearestNeighbor: resize('nearest'),
  Transpose: transpose,
  Split: split,
  SplitV: split,
  Slice: slice,
  StridedSlice: stridedSlice,
};
