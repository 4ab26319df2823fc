import { Refusal, isNothing, type Pads, type Pair } from '@tersor/network';
import { lying, type Builder } from '../builder.js';
import type { Constant } from '../file/onnx-model.js';
import { axisOf, lengthOf, type Factor, type Tensor } from '../layout/tensor.js';

/** A tensor [channels, height, width], or [channels, length], as an image with its channels last. */
export function asImage(build: Builder, tensor: Tensor): Tensor {
  const [c, ...positions] = tensor.axes;
  if (!c || positions.length < 1 || positions.length > 2)
    throw new Refusal(`works on ${tensor.axes.length + 1} axes; images and sequences are read`);
  const [h, w] = positions.length === 2 ? positions : [[], positions[0]!];
  return lying(build, tensor, [h!, w!, c]);
}

/** A layer's result for an image, as a tensor with as many axes as `like`. */
export function imageOf(call: number, like: Tensor, [height, width, channels]: readonly number[]): Tensor {
  const [h, w, c] = [axisOf(height!), axisOf(width!), axisOf(channels!)];
  return {
    kind: 'tensor',
    call,
    axes: like.axes.length === 3 ? [c, h, w] : [c, w],
    lies: [h, w, c],
  };
}

/** Settings for height and width; a sequence is an image of one row. */
export function heightAndWidth(values: readonly number[] | undefined, otherwise: number): Pair {
  const [first = otherwise, second] = values ?? [];
  if (values && values.length > 2) throw new Refusal(`has settings for ${values.length} axes`);
  if (values?.some((size) => size < otherwise))
    throw new Refusal(`has settings [${values.join(', ')}]; the least is ${otherwise}`);
  if (values?.length === 1) return [1, first];
  return [first, second ?? otherwise];
}

/** Transposes the values of a tensor with three axes. */
export function turned(
  data: Constant['data'],
  dims: readonly [number, number, number],
  order: readonly [number, number, number],
): Float32Array {
  const strides = [dims[1] * dims[2], dims[2], 1];
  const [a, b, c] = order.map((axis) => ({ size: dims[axis]!, stride: strides[axis]! }));
  const result = new Float32Array(data.length);
  let at = 0;
  for (let i = 0; i < a!.size; i++)
    for (let j = 0; j < b!.size; j++)
      for (let k = 0; k < c!.size; k++) result[at++] = data[i * a!.stride + j * b!.stride + k * c!.stride]!;
  return result;
}

/** Pads an image with zeros; negative numbers crop it. */
export function zeroPadded(build: Builder, image: Tensor, pads: Pads): Tensor {
  if (isNothing(pads)) return image;
  const grown = resized(build, image, 'ZeroPadding2D', pads, 1);
  return resized(build, grown, 'Cropping2D', pads, -1);
}

function resized(
  build: Builder,
  image: Tensor,
  className: 'ZeroPadding2D' | 'Cropping2D',
  pads: Pads,
  sign: 1 | -1,
): Tensor {
  const [rows, columns] = pads.map((sides) => sides.map((pad) => Math.max(0, pad * sign))) as [
    number[],
    number[],
  ];
  if (![...rows, ...columns].some((pad) => pad > 0)) return image;
  const config = {
    [className === 'ZeroPadding2D' ? 'padding' : 'cropping']: [rows, columns],
    data_format: 'channels_last',
  };
  const [h, w, c] = image.lies.map(lengthOf) as [number, number, number];
  const size = (length: number, [before, after]: number[]) => length + sign * (before! + after!);
  const shape = [size(h, rows), size(w, columns), c];
  const lies: (readonly Factor[])[] = [axisOf(shape[0]!), axisOf(shape[1]!), image.lies[2]!];
  return {
    ...image,
    call: build.call({ className, config }, [image], shape),
    axes: image.axes.length === 3 ? [lies[2]!, lies[0]!, lies[1]!] : [lies[2]!, lies[1]!],
    lies,
  };
}
