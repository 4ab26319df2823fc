import { isNothing, paddingWord, windowCount, type Pads, type Pair } from '@tersor/network';
import { integer, optionalIntegers } from '../attributes.js';
import { lying, weight, type Builder } from '../builder.js';
import type { Constant } from '../file/onnx-model.js';
import { axisOf, lengthOf, sizesOf, type Factor, type Tensor } from '../layout/tensor.js';
import { Refusal } from '../refusal.js';
import { constantAt, optionalConstant, tensorAt, type Lowering, type Site } from '../site.js';
import { sliced } from './slicing.js';
import { padsOf } from './window.js';

/** A tensor [channels, height, width], or [channels, length], as an image with its channels last. */
export function asImage(build: Builder, tensor: Tensor): Tensor {
  const [c, ...positions] = tensor.axes;
  if (!c || positions.length < 1 || positions.length > 2)
    throw new Refusal(`works on ${tensor.axes.length + 1} axes; images and sequences are read`);
  const [h, w] = positions.length === 2 ? positions : [[], positions[0]!];
  return lying(build, tensor, [h!, w!, c]);
}

/** What a layer gives for an image, as a tensor with as many axes as `like` has. */
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
export function pairOf(values: readonly number[] | undefined, otherwise: number): Pair {
  const [first = otherwise, second] = values ?? [];
  if (values && values.length > 2) throw new Refusal(`has settings for ${values.length} axes`);
  if (values?.length === 1) return [1, first];
  return [first, second ?? otherwise];
}

/** Conv: one of the convolutions of Keras, after a ZeroPadding2D where its padding is none of theirs. */
const conv: Lowering = (site) => {
  const { node, build } = site;
  const x = tensorAt(site, 0);
  const kernel = constantAt(site, 1);
  const { data: bias } = optionalConstant(site, 2) ?? {};
  const isRow = x.axes.length === 2;
  const [outputs, inputsPerGroup, ...size] = kernel.dims;
  const [height, width] = pairOf(size, 1);
  const image = asImage(build, x);
  const groups = integer(node, 'group', 1);
  const inputs = lengthOf(x.axes[0]!);
  if (size.length !== x.axes.length - 1 || inputsPerGroup! * groups !== inputs || outputs! % groups !== 0)
    throw new Refusal(`has a kernel [${kernel.dims.join(', ')}] for ${inputs} channels`);
  const strides = pairOf(optionalIntegers(node, 'strides'), 1);
  const dilation = isRow
    ? ([1, optionalIntegers(node, 'dilations')?.[0] ?? 1] as const)
    : pairOf(optionalIntegers(node, 'dilations'), 1);
  const reach: Pair = [(height - 1) * dilation[0] + 1, (width - 1) * dilation[1] + 1];
  const [h, w] = image.lies.map(lengthOf) as [number, number, number];
  const pads = padsOf(node, [h, w], reach, strides, isRow);
  // TensorFlow.js has strides or dilation, not both: of all results, some are taken then.
  const isBoth = strides.some((stride) => stride > 1) && dilation.some((rate) => rate > 1);
  const ownStrides: Pair = isBoth ? [1, 1] : strides;
  const padding = paddingWord(pads, [h, w], reach, ownStrides);
  const padded = padding ? image : zeroPadded(build, image, pads);
  const results = [h, w].map((length, i) => windowCount(length, reach[i]!, ownStrides[i]!, pads[i]!)!);
  const layer = convolution({
    kernel,
    ...(bias && { bias }),
    size: [height, width],
    groups,
    inputs,
    config: { strides: ownStrides, padding: padding ?? 'valid', dilation_rate: dilation },
  });
  const shape = [...results, outputs!];
  const result = imageOf(build.call(layer, [padded], shape), x, shape);
  if (!isBoth) return [result];
  const taken = strides.slice(isRow ? 1 : 0);
  return [
    taken.reduce((all, step, i) => sliced(site, all, i + 1, 0, lengthOf(all.axes[i + 1]!), step), result),
  ];
};

interface Convolution {
  readonly kernel: Constant;
  readonly bias?: Constant['data'];
  readonly size: Pair;
  readonly groups: number;
  readonly inputs: number;
  readonly config: Readonly<Record<string, unknown>> & { readonly dilation_rate: Pair };
}

/** Kernels of ONNX are [outputs, inputs of a group, height, width]. */
function convolution({ kernel, bias, size, groups, inputs, config }: Convolution) {
  const [outputs, perGroup] = kernel.dims as [number, number];
  const biases = bias ? [weight('bias', [outputs], Float32Array.from(bias))] : [];
  const shared = {
    kernel_size: size,
    ...config,
    data_format: 'channels_last',
    activation: 'linear',
    use_bias: bias !== undefined,
  };
  const isDilated = config.dilation_rate.some((rate) => rate !== 1);
  // TensorFlow.js computes a depthwise convolution without its dilation.
  if (groups === inputs && groups > 1 && perGroup === 1 && !isDilated) {
    const multiplier = outputs / inputs;
    const data = turned(kernel.data, [outputs, 1, size[0] * size[1]], [2, 0, 1]);
    const shape = [...size, inputs, multiplier];
    return {
      className: 'DepthwiseConv2D',
      config: { ...shared, depth_multiplier: multiplier },
      weights: [weight('depthwise_kernel', shape, data), ...biases],
    };
  }
  const data = turned(kernel.data, [outputs, perGroup, size[0] * size[1]], [2, 1, 0]);
  return {
    className: groups === 1 ? 'Conv2D' : 'TersorGroupedConv2D',
    config: { ...shared, filters: outputs, ...(groups > 1 && { groups }) },
    weights: [weight('kernel', [...size, perGroup, outputs], data), ...biases],
  };
}

/** Values of a tensor of three axes with its axes in another order. */
function turned(
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

/** An image with zeros around it, and without rows and columns where numbers are negative. */
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

/** ConvTranspose: Keras knows it without padding; what padding takes away is cropped after it. */
const convTranspose: Lowering = (site) => {
  const { node, build } = site;
  const x = tensorAt(site, 0);
  const kernel = constantAt(site, 1);
  const { data: bias } = optionalConstant(site, 2) ?? {};
  const groups = integer(node, 'group', 1);
  if (groups !== 1) throw new Refusal(`has ${groups} groups`);
  const isRow = x.axes.length === 2;
  if (optionalIntegers(node, 'dilations')?.some((rate) => rate !== 1)) throw new Refusal('is dilated');
  const [inputs, outputs, ...own] = kernel.dims;
  if (own.length !== x.axes.length - 1 || inputs !== sizesOf(x)[0])
    throw new Refusal(`has a kernel [${kernel.dims.join(', ')}] for ${sizesOf(x)[0]} channels`);
  const size = pairOf(own, 1);
  const strides = pairOf(optionalIntegers(node, 'strides'), 1);
  const image = asImage(build, x);
  const lengths = image.lies.slice(0, 2).map(lengthOf) as [number, number];
  const extra = pairOf(optionalIntegers(node, 'output_padding'), 0);
  const shown = isRow ? ([0, extra[1]] as const) : extra;
  const pads = transposedPads(site, lengths, size, strides, shown, isRow);
  const whole = lengths.map((length, i) => (length - 1) * strides[i]! + Math.max(size[i]!, strides[i]!));
  const wanted = lengths.map(
    (length, i) => (length - 1) * strides[i]! + size[i]! + shown[i]! - pads[i]![0] - pads[i]![1],
  );
  if (wanted.some((length) => length < 1)) throw new Refusal('gives nothing: its padding is too large');
  const crop = pads.map(([before], i) => [-before, wanted[i]! - whole[i]! + before]) as unknown as Pads;
  if (crop.some((sides) => sides.some((pad) => pad > 0)) && bias)
    throw new Refusal('has an output padding larger than its padding');
  const data = turned(kernel.data, [inputs!, outputs!, size[0] * size[1]], [2, 1, 0]);
  const layer = {
    className: 'Conv2DTranspose',
    config: {
      filters: outputs,
      kernel_size: size,
      strides,
      padding: 'valid',
      data_format: 'channels_last',
      activation: 'linear',
      use_bias: bias !== undefined,
    },
    weights: [
      weight('kernel', [...size, outputs!, inputs!], data),
      ...(bias ? [weight('bias', [outputs!], Float32Array.from(bias))] : []),
    ],
  };
  const shape = [...whole, outputs!];
  const result = imageOf(build.call(layer, [image], shape), x, shape);
  return [zeroPadded(build, result, crop)];
};

/** `auto_pad` and `output_shape` say the padding in other words. */
function transposedPads(
  { node }: Site,
  lengths: Pair,
  size: Pair,
  strides: Pair,
  extra: Pair,
  isRow: boolean,
): Pads {
  const shape = optionalIntegers(node, 'output_shape');
  const mode = new TextDecoder().decode(node.attributes.get('auto_pad')?.s ?? new Uint8Array());
  if (!shape && !mode.startsWith('SAME')) return padsOf(node, lengths, size, strides, isRow);
  const wanted = shape
    ? pairOf(shape.slice(-(isRow ? 1 : 2)), 1)
    : lengths.map((length, i) => length * strides[i]!);
  return lengths.map((length, i) => {
    const total = (length - 1) * strides[i]! + size[i]! + extra[i]! - wanted[i]!;
    if (total < 0) throw new Refusal('has an output shape larger than it computes');
    const half = Math.floor(total / 2);
    return mode === 'SAME_UPPER' ? [half, total - half] : [total - half, half];
  }) as unknown as Pads;
}

export const CONVOLUTION: Readonly<Record<string, Lowering>> = { Conv: conv, ConvTranspose: convTranspose };
