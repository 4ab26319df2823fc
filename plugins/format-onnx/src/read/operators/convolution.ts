import { Refusal, paddingWord, windowCount, type Pair } from '@tersor/network';
import { integer, optionalIntegers } from '../attributes.js';
import { weight } from '../builder.js';
import type { Constant } from '../file/onnx-model.js';
import { lengthOf } from '../layout/tensor.js';
import { constantAt, optionalConstant, tensorAt, type Lowering } from '../site.js';
import { asImage, imageOf, heightAndWidth, turned, zeroPadded } from './image.js';
import { sliced } from './slicing.js';
import { convTranspose } from './transposed-convolution.js';
import { padsOf } from './window.js';

/** Conv: a Keras convolution, after a ZeroPadding2D if it has a padding that Keras does not. */
const conv: Lowering = (site) => {
  const { node, build } = site;
  const x = tensorAt(site, 0);
  const kernel = constantAt(site, 1);
  const { data: bias } = optionalConstant(site, 2) ?? {};
  const isRow = x.axes.length === 2;
  const [outputs, inputsPerGroup, ...size] = kernel.dims;
  const [height, width] = heightAndWidth(size, 1);
  const image = asImage(build, x);
  const groups = integer(node, 'group', 1);
  const inputs = lengthOf(x.axes[0]!);
  if (size.length !== x.axes.length - 1 || inputsPerGroup! * groups !== inputs || outputs! % groups !== 0)
    throw new Refusal(`has a kernel [${kernel.dims.join(', ')}] for ${inputs} channels`);
  const strides = heightAndWidth(optionalIntegers(node, 'strides'), 1);
  const dilation = isRow
    ? ([1, optionalIntegers(node, 'dilations')?.[0] ?? 1] as const)
    : heightAndWidth(optionalIntegers(node, 'dilations'), 1);
  const reach: Pair = [(height - 1) * dilation[0] + 1, (width - 1) * dilation[1] + 1];
  const [h, w] = image.lies.map(lengthOf) as [number, number, number];
  const pads = padsOf(node, [h, w], reach, strides, isRow);
  // TensorFlow.js has strides or dilation, but not both: then compute all results, and take some of them.
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

export const CONVOLUTION: Readonly<Record<string, Lowering>> = { Conv: conv, ConvTranspose: convTranspose };
