import { Refusal } from '@tersor/network';
import { integer, integersOf, optionalIntegers, text } from '../attributes.js';
import { spread, type Builder } from '../builder.js';
import { asOneFactor, reshaped } from '../layout/reshape.js';
import { axisOf, lengthOf, orderOf, sizesOf, type Tensor } from '../layout/tensor.js';
import {
  axisAt,
  anyTensor,
  constantAt,
  innerAxes,
  optionalConstant,
  tensorAt,
  type Lowering,
  type Site,
} from '../site.js';
import { sliced } from './slicing.js';

/** The tensor with other axes, after the batch. Computes nothing if its memory layout need not change. */
export function withSizes(build: Builder, x: Tensor, sizes: readonly number[]): Tensor {
  const product = (lengths: readonly number[]) => lengths.reduce((all, length) => all * length, 1);
  if (product(sizes) !== product(sizesOf(x)))
    throw new Refusal(`makes [${sizes.join(', ')}] of [${sizesOf(x).join(', ')}], the batch left out`);
  const plain = () =>
    asOneFactor(
      spread(
        build,
        x,
        x.axes.map((_axis, i) => i),
      ),
    );
  return reshaped(x, sizes) ?? reshaped(plain(), sizes)!;
}

/**
 * The tensor with other axes, including the batch, which must not change; but a single image may lose its
 * batch axis temporarily.
 */
function withDims(site: Site, x: Tensor, dims: readonly number[]): Tensor {
  const { isBare: _isBare, ...whole } = x;
  if (dims[0] === site.batch) return withSizes(site.build, whole, dims.slice(1));
  if (site.batch === 1) return { ...withSizes(site.build, whole, dims), isBare: true };
  throw new Refusal(`makes [${dims.join(', ')}], which takes the batch apart`);
}

const reshape: Lowering = (site) => {
  const { node } = site;
  const { x, dims } = anyTensor(site);
  const target = integersOf(node, 'shape', () => constantAt(site, 1)) ?? [];
  const keepsZero = integer(node, 'allowzero', 0) === 1;
  const known = target.map((size, i) => (size === 0 && !keepsZero ? (dims[i] ?? 0) : size));
  const whole = dims.reduce((product, size) => product * size, 1);
  const rest = known.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const sizes = known.map((size) => (size === -1 ? whole / rest : size));
  if (sizes.some((size) => !Number.isInteger(size) || size < 1))
    throw new Refusal(`makes [${target.join(', ')}] of [${dims.join(', ')}]`);
  return [withDims(site, x, sizes)];
};

const flatten: Lowering = (site) => {
  const { node, build } = site;
  const x = tensorAt(site, 0);
  const axis = integer(node, 'axis', 1);
  const own = axis < 0 ? axis + x.axes.length + 1 : axis;
  // With a batch of one, axes before it of length 1 change nothing.
  if (
    own !== 1 &&
    !(
      site.batch === 1 &&
      sizesOf(x)
        .slice(0, own - 1)
        .every((size) => size === 1) &&
      own > 1
    )
  )
    throw new Refusal(`flattens the axes before ${axis} into the batch`);
  return [withSizes(build, x, [sizesOf(x).reduce((product, size) => product * size, 1)])];
};

const squeeze: Lowering = (site) => {
  const { x, dims } = anyTensor(site);
  const listed = integersOf(site.node, 'axes', () => optionalConstant(site, 1));
  const axes = listed
    ? listed.map((axis) => axisAt(axis, dims.length))
    : dims.flatMap((size, axis) => (size === 1 ? [axis] : []));
  if (axes.some((axis) => dims[axis] !== 1)) throw new Refusal('leaves out an axis that is not 1');
  return [
    withDims(
      site,
      x,
      dims.filter((_size, axis) => !axes.includes(axis)),
    ),
  ];
};

const unsqueeze: Lowering = (site) => {
  const { x, dims } = anyTensor(site);
  const listed = integersOf(site.node, 'axes', () => constantAt(site, 1)) ?? [];
  const rank = dims.length + listed.length;
  const axes = listed.map((axis) => axisAt(axis, rank));
  const rest = [...dims];
  const sizes = Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : rest.shift()!));
  return [withDims(site, x, sizes)];
};

const transpose: Lowering = (site) => {
  const x = tensorAt(site, 0);
  const rank = x.axes.length + 1;
  const order = optionalIntegers(site.node, 'perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  if (order.length !== rank || new Set(order).size !== rank || order[0] !== 0)
    throw new Refusal(`puts the axes into the order [${order.join(', ')}], the batch not first`);
  return [{ ...x, axes: innerAxes(order.slice(1), rank).map((axis) => x.axes[axis]!) }];
};

/** Moves channels of an image to blocks of positions. */
const depthToSpace: Lowering = (site) => {
  const { node, build } = site;
  const x = tensorAt(site, 0);
  const block = integer(node, 'blocksize', 1);
  const [c, h, w] = sizesOf(x) as [number, number, number];
  if (x.axes.length !== 3 || c % block ** 2 !== 0)
    throw new Refusal(`makes blocks of ${block} of ${c} channels`);
  const depth = c / block ** 2;
  const isCrd = text(node, 'mode', 'DCR') === 'CRD';
  const apart = withSizes(build, x, isCrd ? [depth, block, block, h, w] : [block, block, depth, h, w]);
  const order = isCrd ? [0, 3, 1, 4, 2] : [2, 3, 0, 4, 1];
  const mixed = { ...apart, axes: order.map((axis) => apart.axes[axis]!) };
  return [withSizes(build, mixed, [depth, h * block, w * block])];
};

const spaceToDepth: Lowering = (site) => {
  const { node, build } = site;
  const x = tensorAt(site, 0);
  const block = integer(node, 'blocksize', 1);
  const [c, h, w] = sizesOf(x) as [number, number, number];
  if (x.axes.length !== 3 || h % block || w % block)
    throw new Refusal(`makes blocks of ${block} of ${h} x ${w}`);
  const apart = withSizes(build, x, [c, h / block, block, w / block, block]);
  const mixed = { ...apart, axes: [2, 4, 0, 1, 3].map((axis) => apart.axes[axis]!) };
  return [withSizes(build, mixed, [c * block ** 2, h / block, w / block])];
};

const concat: Lowering = (site) => {
  const { node, build, inputs } = site;
  const tensors = inputs.map((_input, i) => tensorAt(site, i));
  const rank = tensors[0]!.axes.length + 1;
  if (tensors.some((tensor) => tensor.axes.length + 1 !== rank))
    throw new Refusal('joins tensors of different ranks');
  const [axis] = innerAxes([integer(node, 'axis', 1)], rank) as [number];
  if (tensors.length === 1) return [tensors[0]!];
  const most = Math.max(...tensors.map(({ axes }) => axes.filter((each) => each.length > 0).length));
  const order = orderOf(tensors.find(({ axes }) => axes.filter((each) => each.length > 0).length === most)!);
  const ready = tensors.map((tensor) => spread(build, tensor, order));
  const first = ready[0]!;
  if (
    ready.some((tensor) =>
      tensor.axes.some((each, i) => i !== axis && lengthOf(each) !== lengthOf(first.axes[i]!)),
    )
  )
    throw new Refusal('joins tensors of different sizes');
  const joined = axisOf(ready.reduce((sum, tensor) => sum + lengthOf(tensor.axes[axis]!), 0));
  const axes = first.axes.map((each, i) => (i === axis ? joined : each));
  const lies = order.map((each) => axes[each]!);
  const place = order.indexOf(axis);
  const config = { axis: place === rank - 2 ? -1 : place + 1 };
  const call = build.call({ className: 'Concatenate', config }, ready, lies.map(lengthOf));
  return [{ kind: 'tensor', call, axes, lies }];
};

/** Nothing at inference. */
const passed: Lowering = (site: Site) => [tensorAt(site, 0)];

const cast: Lowering = (site) => {
  const to = integer(site.node, 'to', 1);
  // Float32, float16, double: all is computed in float32.
  if (![1, 10, 11].includes(to)) throw new Refusal(`makes values of the type ${to}, which is not computed`);
  return passed(site);
};

const dropout: Lowering = (site) => {
  const training = optionalConstant(site, 2);
  if (training?.data[0]) throw new Refusal('drops values at inference (training_mode)');
  return passed(site);
};

/** Takes consecutive positions of an axis, which gets the shape of the indexes. */
const gather: Lowering = (site) => {
  const { x, dims } = anyTensor(site);
  const index = constantAt(site, 1);
  const axis = axisAt(integer(site.node, 'axis', 0), dims.length);
  const length = dims[axis]!;
  const places = [...index.data].map((place) => (place < 0 ? place + length : place));
  if (places.length === 0 || places.some((place, i) => place !== places[0]! + i))
    throw new Refusal('picks values in any order');
  const shape = [...dims.slice(0, axis), ...index.dims, ...dims.slice(axis + 1)];
  if (places.length === length) return [withDims(site, x, shape)];
  const [own] = innerAxes([axis], dims.length) as [number];
  const cut = sliced(site, tensorAt(site, 0), own, places[0]!, places.at(-1)! + 1, 1);
  return [withDims(site, cut, shape)];
};

export const SHAPE: Readonly<Record<string, Lowering>> = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Concat: concat,
  Identity: passed,
  Cast: cast,
  Dropout: dropout,
  Gather: gather,
};
