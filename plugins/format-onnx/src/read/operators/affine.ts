import { lying, weight, type Builder } from '../builder.js';
import type { Constant } from '../file/onnx-model.js';
import { isSameSet, lengthOf, rowOrder, type Factor, type Tensor } from '../layout/tensor.js';
import { Refusal } from '../refusal.js';

type Values = number | ((index: number) => number);

/**
 * `x * scale + shift` with values along one axis of what lies (the last one where it is left out), as a
 * BatchNormalization whose statistics are fixed: backends fold it into the layer before it, its channels can
 * be pruned, and training leaves it as it is, since the file has constants there.
 */
export function scaleShift(build: Builder, x: Tensor, scale: Values, shift: Values, axis = -1): Tensor {
  const size = lengthOf(x.lies.at(axis)!);
  const values = (given: Values) =>
    Float32Array.from({ length: size }, (_, i) => (typeof given === 'number' ? given : given(i)));
  return build.apply(
    {
      className: 'BatchNormalization',
      config: {
        axis: axis === -1 || axis === x.lies.length - 1 ? -1 : axis + 1,
        momentum: 0.99,
        epsilon: 0,
        center: true,
        scale: true,
        trainable: false,
      },
      weights: [
        weight('gamma', [size], values(scale)),
        weight('beta', [size], values(shift)),
        weight('moving_mean', [size], new Float32Array(size), false),
        weight('moving_variance', [size], new Float32Array(size).fill(1), false),
      ],
    },
    x,
  );
}

/** How the values of a constant meet those of a tensor. */
export interface Aligned {
  /** The tensor, lying so that one of its axes holds all positions for which the constant has values. */
  readonly x: Tensor;
  /** That axis as it lies, without the batch. */
  readonly axis: number;
  /** The constant's value at a position along it. */
  readonly at: (index: number) => number;
}

/**
 * Lines a constant up with a tensor, as ONNX broadcasts: axes from the last one on, lengths of 1 repeated.
 * Throws a `Refusal` where the constant is different for the images of a batch, or larger than the tensor.
 */
export function aligned(build: Builder, x: Tensor, constant: Constant): Aligned {
  const { data } = constant;
  const last = x.lies.length - 1;
  if (data.length === 1 && constant.dims.length <= x.axes.length + 1)
    return { x, axis: last, at: () => data[0]! };
  const dims = [...constant.dims];
  if (dims.length === x.axes.length + 1 && dims[0] === 1) dims.shift();
  if (dims.length > x.axes.length)
    throw new Refusal(`reads a constant [${constant.dims.join(', ')}] that goes over the batch`);
  const from = x.axes.length - dims.length;
  const factors: Factor[] = [];
  dims.forEach((dim, i) => {
    const axis = x.axes[from + i]!;
    if (dim === 1) return;
    if (dim !== lengthOf(axis))
      throw new Refusal(`reads a constant [${constant.dims.join(', ')}] that makes its input larger`);
    factors.push(...axis);
  });
  const place = x.lies.findIndex((axis) => isSameSet(axis, factors));
  const ready = place >= 0 ? x : gathered(build, x, factors);
  const axis = place >= 0 ? place : ready.lies.length - 1;
  const rows = rowOrder(factors, ready.lies[axis]!);
  return { x: ready, axis, at: (index) => data[rows[index]!]! };
}

/** The tensor with some of its factors as its last axis, in the order in which they lie. */
function gathered(build: Builder, x: Tensor, factors: readonly Factor[]): Tensor {
  const isOne = (factor: Factor) => factors.includes(factor);
  const others = x.lies
    .map((axis) => axis.filter((factor) => !isOne(factor)))
    .filter((axis) => axis.length > 0);
  return lying(build, x, [...others, x.lies.flat().filter(isOne)]);
}
