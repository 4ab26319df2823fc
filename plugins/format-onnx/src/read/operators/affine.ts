import { Refusal, channelAffine } from '@tersor/network';
import { lying, withLastFactors, type Builder } from '../builder.js';
import type { Constant } from '../file/onnx-model.js';
import { lengthOf, rowOrder, type Factor, type Tensor } from '../layout/tensor.js';

type Values = number | ((index: number) => number);

/** `x * scale + shift` with values along the last axis in memory, as a `channelAffine`. */
export function scaleShift(build: Builder, given: Tensor, scale: Values, shift: Values): Tensor {
  const x = normalizable(build, given);
  const size = lengthOf(x.lies.at(-1)!);
  const values = (each: Values) =>
    Float32Array.from({ length: size }, (_, i) => (typeof each === 'number' ? each : each(i)));
  return build.apply(channelAffine(values(scale), values(shift)), x);
}

/**
 * The tensor with few enough axes for a BatchNormalization of TensorFlow.js; the last one does not change.
 */
export function normalizable(build: Builder, x: Tensor): Tensor {
  if (x.lies.length <= 3) return x;
  return lying(build, x, [x.lies.slice(0, -1).flat(), x.lies.at(-1)!]);
}

/** A constant aligned with a tensor. */
export interface Aligned {
  /** The tensor, with a last axis in memory that has all positions along which the constant varies. */
  readonly x: Tensor;
  /** The constant's value at a position along it. */
  readonly at: (index: number) => number;
}

/**
 * Aligns a constant with a tensor by ONNX's rules of broadcasting. Throws a `Refusal` if the constant differs
 * between the images of a batch, or is larger than the tensor.
 */
export function aligned(build: Builder, x: Tensor, constant: Constant): Aligned {
  const { data } = constant;
  if (data.length === 1 && constant.dims.length <= x.axes.length + 1) return { x, at: () => data[0]! };
  const dims = [...constant.dims];
  if (dims.length === x.axes.length + 1 && dims[0] === 1) dims.shift();
  if (dims.length > x.axes.length)
    throw new Refusal(`reads a constant [${constant.dims.join(', ')}] that goes over the batch`);
  const from = x.axes.length - dims.length;
  const factors = dims.flatMap((dim, i): readonly Factor[] => {
    const axis = x.axes[from + i]!;
    if (dim !== 1 && dim !== lengthOf(axis))
      throw new Refusal(`reads a constant [${constant.dims.join(', ')}] that makes its input larger`);
    return dim === 1 ? [] : axis;
  });
  const ready = withLastFactors(build, x, factors);
  const rows = rowOrder(factors, ready.lies.at(-1)!);
  return { x: ready, at: (index) => data[rows[index]!]! };
}
