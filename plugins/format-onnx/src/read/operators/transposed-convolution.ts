import { Refusal } from '@tersor/network';
import type { Pads, Pair } from '@tersor/network';
import { integer, optionalIntegers, text } from '../attributes.js';
import { weight } from '../builder.js';
import type { Constant } from '../file/onnx-model.js';
import { lengthOf, sizesOf, type Tensor } from '../layout/tensor.js';
import { constantAt, optionalConstant, tensorAt, type Lowering, type Site } from '../site.js';
import { scaleShift } from './affine.js';
import { asImage, imageOf, heightAndWidth, turned, zeroPadded } from './image.js';
import { sliced } from './slicing.js';
import { padsOf } from './window.js';

/** Most groups, since each becomes a separate convolution. */
const MAX_GROUPS = 64;

/**
 * ConvTranspose. Keras's has no padding, so the result is cropped; no groups, which become slices and
 * separate convolutions; and no dilation, which becomes zeros in the kernel.
 */
export const convTranspose: Lowering = (site) => {
  const { node, build } = site;
  const x = tensorAt(site, 0);
  const kernel = spaced(constantAt(site, 1), optionalIntegers(node, 'dilations') ?? []);
  const { data: bias } = optionalConstant(site, 2) ?? {};
  const groups = integer(node, 'group', 1);
  const [inputs, outputs, ...own] = kernel.dims as [number, number, ...number[]];
  if (own.length !== x.axes.length - 1 || inputs !== sizesOf(x)[0] || inputs % groups !== 0)
    throw new Refusal(`has a kernel [${kernel.dims.join(', ')}] for ${sizesOf(x)[0]} channels`);
  if (groups > MAX_GROUPS) throw new Refusal(`has ${groups} groups; up to ${MAX_GROUPS} are read`);
  const window = windowOf(site, x, own);
  if (groups === 1) return [transposed(site, x, kernel, bias, window)];
  const [perGroup, size] = [inputs / groups, own.reduce((product, length) => product * length, 1)];
  const parts = Array.from({ length: groups }, (_, group) => {
    const part = sliced(site, x, 0, group * perGroup, (group + 1) * perGroup, 1);
    const from = group * perGroup * outputs * size;
    const data = kernel.data.slice(from, from + perGroup * outputs * size);
    const biases = bias?.slice(group * outputs, (group + 1) * outputs);
    return transposed(site, part, { ...kernel, dims: [perGroup, outputs, ...own], data }, biases, window);
  });
  const [h, w] = parts[0]!.lies.map(lengthOf) as [number, number, number];
  const shape = [h, w, groups * outputs];
  const call = build.call({ className: 'Concatenate', config: { axis: -1 } }, parts, shape);
  return [imageOf(call, x, shape)];
};

/** The kernel with zeros between its values, for a dilation. */
function spaced(kernel: Constant, dilations: readonly number[]): Constant {
  if (dilations.every((rate) => rate === 1)) return kernel;
  const [inputs, outputs, ...size] = kernel.dims;
  const [height, width] = heightAndWidth(size, 1);
  const [down, across] = dilations.length === 1 ? [1, dilations[0]!] : (dilations as [number, number]);
  const [tall, wide] = [(height - 1) * down + 1, (width - 1) * across + 1];
  const count = inputs! * outputs!;
  if (!(tall * wide <= 2 ** 12)) throw new Refusal(`has a window of ${tall} x ${wide}`);
  const data = new Float32Array(count * tall * wide);
  for (let i = 0; i < kernel.data.length; i++) {
    const [column, row] = [i % width, Math.floor(i / width) % height];
    const plane = Math.floor(i / (width * height));
    data[(plane * tall + row * down) * wide + column * across] = kernel.data[i]!;
  }
  return { ...kernel, dims: [inputs!, outputs!, ...(size.length === 1 ? [wide] : [tall, wide])], data };
}

/** Sizes of a transposed convolution's results. */
interface Window {
  readonly size: Pair;
  readonly strides: Pair;
  /** Lengths without any padding. */
  readonly whole: readonly number[];
  /** Padding of the results on each side; mostly negative, which crops. */
  readonly crop: Pads;
}

function windowOf(site: Site, x: Tensor, own: readonly number[]): Window {
  const { node } = site;
  const isRow = x.axes.length === 2;
  const size = heightAndWidth(own, 1);
  const strides = heightAndWidth(optionalIntegers(node, 'strides'), 1);
  const lengths = asImage(site.build, x).lies.slice(0, 2).map(lengthOf) as [number, number];
  const extra = heightAndWidth(optionalIntegers(node, 'output_padding'), 0);
  const shown = isRow ? ([0, extra[1]] as const) : extra;
  const pads = padding(site, lengths, size, strides, shown, isRow);
  const whole = lengths.map((length, i) => (length - 1) * strides[i]! + Math.max(size[i]!, strides[i]!));
  const wanted = lengths.map(
    (length, i) => (length - 1) * strides[i]! + size[i]! + shown[i]! - pads[i]![0] - pads[i]![1],
  );
  if (wanted.some((length) => length < 1)) throw new Refusal('gives nothing: its padding is too large');
  const crop = pads.map(([before], i) => [-before, wanted[i]! - whole[i]! + before]) as unknown as Pads;
  return { size, strides, whole, crop };
}

function transposed(
  { build }: Site,
  x: Tensor,
  kernel: Constant,
  bias: Constant['data'] | undefined,
  { size, strides, whole, crop }: Window,
): Tensor {
  const [inputs, outputs] = kernel.dims as [number, number];
  // Padded rows consist of the bias only, so add it after padding.
  const isAfter = bias !== undefined && crop.some((sides) => sides.some((pad) => pad > 0));
  const own = isAfter ? undefined : bias;
  const layer = {
    className: 'Conv2DTranspose',
    config: {
      filters: outputs,
      kernel_size: size,
      strides,
      padding: 'valid',
      data_format: 'channels_last',
      activation: 'linear',
      use_bias: own !== undefined,
    },
    weights: [
      weight(
        'kernel',
        [...size, outputs, inputs],
        turned(kernel.data, [inputs, outputs, size[0] * size[1]], [2, 1, 0]),
      ),
      ...(own ? [weight('bias', [outputs], Float32Array.from(own))] : []),
    ],
  };
  const shape = [...whole, outputs];
  const result = imageOf(build.call(layer, [asImage(build, x)], shape), x, shape);
  const cropped = zeroPadded(build, result, crop);
  return isAfter ? scaleShift(build, cropped, 1, (channel) => bias[channel]!) : cropped;
}

/** The padding, which may be given by `auto_pad` or `output_shape`. */
function padding(
  { node }: Site,
  lengths: Pair,
  size: Pair,
  strides: Pair,
  extra: Pair,
  isRow: boolean,
): Pads {
  const shape = optionalIntegers(node, 'output_shape');
  const mode = text(node, 'auto_pad', '');
  if (!shape && !mode.startsWith('SAME')) return padsOf(node, lengths, size, strides, isRow);
  const wanted = shape
    ? heightAndWidth(shape.slice(-(isRow ? 1 : 2)), 1)
    : lengths.map((length, i) => length * strides[i]!);
  return lengths.map((length, i) => {
    const total = (length - 1) * strides[i]! + size[i]! + extra[i]! - wanted[i]!;
    // Like onnxruntime, add missing rows at the end.
    const half = total < 0 ? 0 : Math.floor(total / 2);
    return mode === 'SAME_UPPER' || total < 0 ? [half, total - half] : [total - half, half];
  }) as unknown as Pads;
}
