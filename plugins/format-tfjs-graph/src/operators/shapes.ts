import { elementCount } from '@tersor/core';
import { Refusal } from '@tersor/network';
import { integers, number } from '../node.js';
import { anyTensor, asInFile, placeOf, tensorAt, type Operator, type Site } from '../site.js';
import { numbersOf, type Tensor } from '../value.js';

/** Reshapes a tensor; `-1` is computed, and the batch axis is kept. Throws `Refusal`. */
export function reshaped(site: Site, x: Tensor, target: readonly number[]): Tensor {
  const [batch, ...sizes] = target;
  if (sizes.map((length) => (Number.isNaN(length) ? undefined : length)).join() === x.shape.join()) return x;
  const values = elementCount(x.shape);
  if (values === undefined) throw new Refusal('changes the shape of an open size');
  const known = elementCount(sizes.filter((length) => length !== -1));
  const whole = sizes.map((length) => (length === -1 ? values / known : length));
  const isBatch = batch !== undefined && (Number.isNaN(batch) || batch === -1 || batch === 1);
  if (!isBatch || elementCount(whole) !== values)
    throw new Refusal(`gives the shape [${target.join(', ')}], of which the first axis is not the batch`);
  if (whole.join() === x.shape.join()) return x;
  const own = asInFile(site, x);
  // One number for a sample is an axis of length 1.
  const [now, then] = [own.shape, whole].map((shape) => (shape.length === 0 ? [1] : shape));
  if (now!.join() === then!.join()) return { ...own, shape: whole };
  const added =
    then!.length === 1
      ? site.add({ className: 'Flatten', inputs: [own], shape: whole })
      : site.add({ className: 'Reshape', config: { target_shape: then }, inputs: [own], shape: whole });
  return added;
}

/** An axis as a nonnegative index, with the batch as 0; negative ones count from the end. */
export function axisOf(axis: number, x: Tensor, added = 0): number {
  return axis < 0 ? axis + x.shape.length + 1 + added : axis;
}

const concatenation: Operator = (site) => {
  const given = site.inputs.slice(0, -1).map((_, i) => anyTensor(site, i));
  return joined(site, given, axisOf(numbersOf(site.inputs.at(-1), 'an axis')[0]!, given[0]!));
};

/** Concatenates tensors along an axis. */
function joined(site: Site, given: readonly Tensor[], axis: number): Tensor {
  const [first] = given as [Tensor];
  if (axis === 0) throw new Refusal('joins batches');
  if (given.length === 1) return first;
  if (given.some(({ shape }) => shape.length !== first.shape.length))
    throw new Refusal('joins tensors of several ranks');
  const isAlike = given.every(({ lies }) => lies?.join() === first.lies?.join());
  const tensors = isAlike ? given : given.map((each) => asInFile(site, each));
  const lengths = tensors.map(({ shape }) => shape[axis - 1]);
  const shape = first.shape.map((length, i) =>
    i === axis - 1
      ? lengths.reduce((sum, each) => (sum === undefined || each === undefined ? undefined : sum + each), 0)
      : length,
  );
  const place = placeOf(tensors[0]!, axis - 1) + 1;
  const { layer } = site.add({ className: 'Concatenate', config: { axis: place }, inputs: tensors, shape });
  return { ...tensors[0]!, layer, shape };
}

/** Computes nothing: the permutation is recorded until a later operator needs another order. */
const transpose: Operator = (site) => {
  const x = anyTensor(site, 0);
  const order = numbersOf(site.inputs[1], 'an order');
  if (order[0] !== 0) throw new Refusal(`has the order ${order.join(', ')}, which moves the batch`);
  const axes = order.slice(1).map((axis) => axis - 1);
  if (
    axes.length !== x.shape.length ||
    new Set(axes).size !== axes.length ||
    axes.some((axis) => !(axis in x.shape))
  )
    throw new Refusal(`has the order ${order.join(', ')} for ${x.shape.length + 1} axes`);
  const lies = (x.lies ?? x.shape.map((_, axis) => axis)).map((axis) => axes.indexOf(axis));
  const { lies: _lies, ...rest } = x;
  const turned = { ...rest, shape: axes.map((axis) => x.shape[axis]) };
  return lies.every((axis, i) => axis === i) ? turned : { ...turned, lies };
};

/** Repeats a tensor along axes. */
const tile: Operator = (site) => {
  const x = tensorAt(site, 0);
  const [batch, ...times] = numbersOf(site.inputs[1], 'multiples');
  if (batch !== 1) throw new Refusal('repeats the batch');
  if (times.some((count) => !(count >= 1 && count <= 64)))
    throw new Refusal(`repeats ${times.join(' x ')} times; 64 are read`);
  return times.reduce<Tensor>(
    (result, count, i) =>
      joined(
        site,
        Array.from({ length: count }, () => result),
        i + 1,
      ),
    x,
  );
};

/** Inserts an axis of length 1; `axis` counts the batch as 0. */
function expanded(site: Site, x: Tensor, axis: number): Tensor {
  if (axis === 0) throw new Refusal('puts an axis before the batch');
  const shape = x.shape.map((length) => length ?? NaN);
  return reshaped(site, x, [-1, ...shape.slice(0, axis - 1), 1, ...shape.slice(axis - 1)]);
}

const pack: Operator = (site) => {
  const tensors = site.inputs.map((_, i) => anyTensor(site, i));
  const axis = axisOf(number(site.node, 'axis', 0), tensors[0]!, 1);
  const own = { ...site, add: (layer: Parameters<Site['add']>[0]) => site.add({ ending: 'part', ...layer }) };
  return joined(
    site,
    tensors.map((each) => expanded(own, each, axis)),
    axis,
  );
};

/** Takes the batch axis of a single image away, until a later node puts it back. */
const unpack: Operator = (site) => {
  const x = tensorAt(site, 0);
  const axis = axisOf(number(site.node, 'axis', 0), x);
  const count = number(site.node, 'num', 1);
  if (axis === 0 && count === 1) return [{ ...x, isBare: true }];
  if (axis === 0) throw new Refusal('takes a batch apart');
  const shape = x.shape.map((length, i) => (i === axis - 1 ? 1 : length));
  const rest = x.shape.filter((_, i) => i !== axis - 1).map((length) => length ?? NaN);
  return Array.from({ length: count }, (_, i) => {
    const config = { axis, start: i, end: i + 1, step: 1 };
    const part = site.add({ className: 'TersorSlice', config, inputs: [x], shape, ending: String(i) });
    return reshaped(site, part, [-1, ...rest]);
  });
};

const expandDims: Operator = (site) => {
  const [value] = site.inputs;
  if (value?.kind === 'tensor' && value.isBare) {
    const { isBare: _isBare, ...x } = value;
    if (numbersOf(site.inputs[1], 'an axis')[0] === 0) return x;
    throw new Refusal('reads images of which the batch was taken away');
  }
  const x = anyTensor(site, 0);
  return expanded(site, x, axisOf(numbersOf(site.inputs[1], 'an axis')[0]!, x, 1));
};

const squeeze: Operator = (site) => {
  const x = anyTensor(site, 0);
  const stated = integers(site.node, 'squeeze_dims').map((axis) => axisOf(axis, x));
  if (stated.join() === '0') return { ...asInFile(site, x), isBare: true };
  if (stated.includes(0)) throw new Refusal('takes the axis of the batch away, and others');
  const isGone = (length: number | undefined, i: number) =>
    stated.length > 0 ? stated.includes(i + 1) : length === 1;
  return reshaped(site, x, [
    -1,
    ...x.shape.filter((length, i) => !isGone(length, i)).map((each) => each ?? NaN),
  ]);
};

/** Moves channels into blocks of positions, or the reverse. */
function blocks(isToSpace: boolean): Operator {
  return (site) => {
    const x = tensorAt(site, 0, 3);
    const block = number(site.node, 'block_size', 1);
    const [height, width, channels] = x.shape.map((length) => length ?? NaN) as [number, number, number];
    const fits = isToSpace ? channels % block ** 2 === 0 : height % block === 0 && width % block === 0;
    if (!fits) throw new Refusal(`makes blocks of ${block} of ${x.shape.map(String).join(' x ')}`);
    const depth = isToSpace ? channels / block ** 2 : channels;
    const [rows, columns] = isToSpace ? [height, width] : [height / block, width / block];
    const apart = isToSpace ? [rows, columns, block, block, depth] : [rows, block, columns, block, depth];
    // Both swap the second and the third of these axes.
    const dims = [1, 3, 2, 4, 5];
    const whole = isToSpace ? [rows * block, columns * block, depth] : [rows, columns, block ** 2 * depth];
    const cut = site.add({
      className: 'Reshape',
      config: { target_shape: apart },
      inputs: [x],
      shape: apart,
      ending: 'blocks',
    });
    const turned = site.add({
      className: 'Permute',
      config: { dims },
      inputs: [cut],
      shape: dims.map((axis) => apart[axis - 1]),
      ending: 'permute',
    });
    return site.add({
      className: 'Reshape',
      config: { target_shape: whole },
      inputs: [turned],
      shape: whole,
    });
  };
}

/** Operators that change shapes. */
export const SHAPE_OPERATORS: Readonly<Record<string, Operator>> = {
  Reshape: (site) => reshaped(site, anyTensor(site, 0), numbersOf(site.inputs[1], 'a shape')),
  Squeeze: squeeze,
  ExpandDims: expandDims,
  ConcatV2: concatenation,
  Transpose: transpose,
  Tile: tile,
  Pack: pack,
  Unpack: unpack,
  DepthToSpace: blocks(true),
  SpaceToDepth: blocks(false),
};
