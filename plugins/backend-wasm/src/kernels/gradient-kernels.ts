import * as tf from '@tensorflow/tfjs-core';
import { handOver } from './channel-kernels.js';

type Window = number | [number, number];
type Padding = 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;

interface ConvolutionAttributes {
  readonly strides: Window;
  readonly pad: Padding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** A kernel that is composed of operations which the wasm backend has. */
type Composition = (inputs: Record<string, tf.Tensor4D>, attributes: Record<string, unknown>) => tf.Tensor;

/**
 * Kernels that tfjs's wasm backend lacks (gradients of filters, both depthwise gradients), and
 * `Conv2DBackpropInput`, which it has in a form many times slower than its forward convolution. All are
 * written as forward convolutions, products, or sums over kernel positions.
 */
const KERNELS: Readonly<Record<string, Composition>> = {
  Conv2DBackpropFilter: ({ x, dy }, attributes) =>
    filterGradient(
      x!,
      dy!,
      attributes['filterShape'] as Shape4D,
      attributes as unknown as ConvolutionAttributes,
    ),
  Conv2DBackpropInput: ({ dy, filter }, attributes) =>
    inputGradient(
      dy!,
      filter!,
      attributes['inputShape'] as Shape4D,
      attributes as unknown as ConvolutionAttributes,
    ),
  DepthwiseConv2dNativeBackpropFilter: ({ x, dy }, attributes) =>
    depthwiseFilterGradient(
      x!,
      dy!,
      attributes['filterShape'] as Shape4D,
      attributes as unknown as ConvolutionAttributes,
    ),
  DepthwiseConv2dNativeBackpropInput: ({ dy, filter }, attributes) =>
    depthwiseInputGradient(
      dy!,
      filter!,
      attributes['inputShape'] as Shape4D,
      attributes as unknown as ConvolutionAttributes,
    ),
};

type Shape4D = [number, number, number, number];

/** The part of tfjs's wasm backend that gives access to its memory. */
interface WasmMemory {
  makeOutput(shape: readonly number[], dtype: 'float32'): tf.TensorInfo;
  /** A view that is valid until more memory is taken. */
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array;
}

/** Values that the left side of a product may have; more are computed in parts. 64 MiB. */
const LARGEST_PRODUCT = 2 ** 24;

/**
 * Registers the kernels for the wasm backend, instead of its own where it has one. Twice is harmless.
 */
export function registerGradientKernels(): void {
  for (const [kernelName, compose] of Object.entries(KERNELS)) {
    if (tf.getKernel(kernelName, 'wasm')) tf.unregisterKernel(kernelName, 'wasm');
    tf.registerKernel({
      kernelName,
      backendName: 'wasm',
      kernelFunc: ({ inputs, attrs, backend }) =>
        handOver(backend as tf.KernelBackend, () =>
          compose(
            inputs as unknown as Record<string, tf.Tensor4D>,
            attrs as unknown as Record<string, unknown>,
          ),
        ),
    });
  }
}

/** tfjs has no gradient of dilated convolutions on any backend, so dilation is 1 here. */
function convolutionInfo(
  inputShape: Shape4D,
  filterShape: Shape4D,
  { strides, pad, dimRoundingMode }: ConvolutionAttributes,
  depthwise = false,
) {
  return tf.backend_util.computeConv2DInfo(
    inputShape,
    filterShape,
    strides,
    1,
    pad as 'same',
    dimRoundingMode,
    depthwise,
  );
}

/**
 * dW[i, j, c, o] = sum over h, w, n of x[n, h s + i, w s + j, c] dy[n, h, w, o]: a product of what every
 * filter position sees of x, in a row for each channel, with dy. As a convolution of x with dy it would have
 * 3 x 3 results for an image, of which the library computes four at a time: twelve instead of nine.
 */
function filterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  filterShape: Shape4D,
  attributes: ConvolutionAttributes,
): tf.Tensor {
  const info = convolutionInfo(x.shape, filterShape, attributes);
  const [height, width, inChannels, outChannels] = filterShape;
  const asRows = tf.transpose(x, [3, 1, 2, 0]) as tf.Tensor4D;
  const length = info.outHeight * info.outWidth * info.batchSize;
  const gradient = tf.reshape(tf.transpose(dy, [1, 2, 0, 3]), [length, outChannels]);
  const positions = Array.from(
    { length: height * width },
    (_, position): Position => [Math.floor(position / width), position % width],
  );
  const atOnce = Math.max(1, Math.floor(LARGEST_PRODUCT / (inChannels * length)));
  const parts = Array.from({ length: Math.ceil(positions.length / atOnce) }, (_, part) =>
    tf.tidy(() =>
      tf.matMul(seenRows(asRows, positions.slice(part * atOnce, (part + 1) * atOnce), info), gradient),
    ),
  );
  return tf.reshape(parts.length === 1 ? parts[0]! : tf.concat(parts), filterShape);
}

/** Row and column in a filter. */
type Position = readonly [number, number];

/**
 * What positions of a filter see of an input of channels x height x width x batch, zeros where that is
 * padding: positions times channels rows of output height x output width x batch values.
 */
function seenRows(
  x: tf.Tensor4D,
  positions: readonly Position[],
  info: tf.backend_util.Conv2DInfo,
): tf.Tensor2D {
  const {
    outHeight,
    outWidth,
    batchSize,
    inHeight,
    inWidth,
    inChannels,
    strideHeight,
    strideWidth,
    padInfo,
  } = info;
  const memory = tf.backend() as unknown as WasmMemory;
  const result = memory.makeOutput(
    [positions.length * inChannels, outHeight * outWidth * batchSize],
    'float32',
  );
  const [from, to] = [memory.typedArrayFromHeap(x), memory.typedArrayFromHeap(result)];
  let at = 0;
  for (const [row, column] of positions) {
    // Output columns whose input column lies within the image.
    const first = Math.min(outWidth, Math.max(0, Math.ceil((padInfo.left - column) / strideWidth)));
    const end = Math.max(
      first,
      Math.min(outWidth, Math.ceil((inWidth + padInfo.left - column) / strideWidth)),
    );
    for (let channel = 0; channel < inChannels; channel++) {
      for (let h = 0; h < outHeight; h++, at += outWidth * batchSize) {
        const y = h * strideHeight + row - padInfo.top;
        const isInside = y >= 0 && y < inHeight;
        const [begin, stop] = isInside ? [first, end] : [outWidth, outWidth];
        to.fill(0, at, at + begin * batchSize);
        to.fill(0, at + stop * batchSize, at + outWidth * batchSize);
        const line = (channel * inHeight + y) * inWidth + column - padInfo.left;
        if (strideWidth === 1)
          to.set(
            from.subarray((line + begin) * batchSize, (line + stop) * batchSize),
            at + begin * batchSize,
          );
        else
          for (let w = begin; w < stop; w++)
            to.set(
              from.subarray((line + w * strideWidth) * batchSize, (line + w * strideWidth + 1) * batchSize),
              at + w * batchSize,
            );
      }
    }
  }
  return tf.engine().makeTensorFromTensorInfo(result) as tf.Tensor2D;
}

/**
 * dx is the convolution of dy, spread out by the stride, with the filter turned around and its channels
 * swapped.
 */
function inputGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  inputShape: Shape4D,
  attributes: ConvolutionAttributes,
): tf.Tensor {
  const info = convolutionInfo(inputShape, filter.shape, attributes);
  const turned = tf.transpose(turnAround(filter), [0, 1, 3, 2]) as tf.Tensor4D;
  const { spaced, padding } = spread(dy, info);
  return convolvePadded(tf.conv2d, spaced, turned, padding);
}

/** The same, channel by channel; the multiplier's channels are added up. */
function depthwiseInputGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  inputShape: Shape4D,
  attributes: ConvolutionAttributes,
): tf.Tensor {
  const info = convolutionInfo(inputShape, filter.shape, attributes, true);
  const [height, width, channels, multiplier] = filter.shape;
  const turned = tf.reshape(turnAround(filter), [height, width, channels * multiplier, 1]) as tf.Tensor4D;
  const { spaced, padding } = spread(dy, info);
  const each = convolvePadded(tf.depthwiseConv2d, spaced, turned, padding);
  if (multiplier === 1) return each;
  return tf.reshape(tf.sum(tf.reshape(each, [-1, channels, multiplier]), -1), inputShape);
}

/**
 * The filter turned by 180 degrees: its positions in reverse order. Copied block by block within wasm memory:
 * tfjs's reverse and its split with concat take 20 and 60 times as long, and a way through JavaScript's own
 * memory takes new pages for every filter.
 */
function turnAround(filter: tf.Tensor4D): tf.Tensor4D {
  const memory = tf.backend() as unknown as WasmMemory;
  const result = memory.makeOutput(filter.shape, 'float32');
  const [values, turned] = [memory.typedArrayFromHeap(filter), memory.typedArrayFromHeap(result)];
  const positions = filter.shape[0] * filter.shape[1];
  const size = values.length / positions;
  for (let i = 0; i < positions; i++)
    turned.set(values.subarray(i * size, (i + 1) * size), (positions - 1 - i) * size);
  return tf.engine().makeTensorFromTensorInfo(result) as tf.Tensor4D;
}

/** One product and sum per position of the filter: a depthwise filter has few. */
function depthwiseFilterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  filterShape: Shape4D,
  attributes: ConvolutionAttributes,
): tf.Tensor {
  const info = convolutionInfo(x.shape, filterShape, attributes, true);
  const [height, width, channels, multiplier] = filterShape;
  const padded = pad(x, info.padInfo);
  const { batchSize, outHeight, outWidth, strideHeight, strideWidth } = info;
  const gradient = tf.reshape(dy, [-1, channels, multiplier]);
  const positions: tf.Tensor[] = [];
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const begin = [0, i, j, 0];
      const end = [
        batchSize,
        begin[1]! + (outHeight - 1) * strideHeight + 1,
        begin[2]! + (outWidth - 1) * strideWidth + 1,
        channels,
      ];
      const seen =
        strideHeight === 1 && strideWidth === 1
          ? tf.slice(
              padded,
              begin,
              end.map((value, axis) => value - begin[axis]!),
            )
          : tf.stridedSlice(padded, begin, end, [1, strideHeight, strideWidth, 1]);
      positions.push(tf.sum(tf.mul(tf.reshape(seen, [-1, channels, 1]), gradient), 0));
    }
  }
  return tf.reshape(tf.stack(positions), filterShape);
}

interface Amounts {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * A convolution that pads by itself where it can: tfjs's own pad takes a third of the convolution's time.
 * Negative amounts cut.
 */
function convolvePadded(
  convolve: typeof tf.conv2d,
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  amounts: Amounts,
): tf.Tensor4D {
  const { top, bottom, left, right } = amounts;
  if (Math.min(top, bottom, left, right) < 0) return convolve(pad(x, amounts), filter, 1, 'valid');
  return convolve(x, filter, 1, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
}

/**
 * dy with stride - 1 zeros between its values, and the padding with which the convolution with the turned
 * filter has the input's size.
 */
function spread(
  dy: tf.Tensor4D,
  info: tf.backend_util.Conv2DInfo,
): { readonly spaced: tf.Tensor4D; readonly padding: Amounts } {
  const {
    strideHeight,
    strideWidth,
    outHeight,
    outWidth,
    inHeight,
    inWidth,
    filterHeight,
    filterWidth,
    padInfo,
  } = info;
  let spaced = dy;
  if (strideHeight > 1 || strideWidth > 1) {
    const [batch, , , channels] = dy.shape;
    const split = tf.reshape(dy, [batch, outHeight, 1, outWidth, 1, channels]);
    const filled = tf.pad(split, [
      [0, 0],
      [0, 0],
      [0, strideHeight - 1],
      [0, 0],
      [0, strideWidth - 1],
      [0, 0],
    ]);
    const joined = tf.reshape(filled, [
      batch,
      outHeight * strideHeight,
      outWidth * strideWidth,
      channels,
    ]) as tf.Tensor4D;
    spaced = tf.slice(
      joined,
      [0, 0, 0, 0],
      [batch, (outHeight - 1) * strideHeight + 1, (outWidth - 1) * strideWidth + 1, channels],
    );
  }
  const top = filterHeight - 1 - padInfo.top;
  const left = filterWidth - 1 - padInfo.left;
  const bottom = inHeight + filterHeight - 1 - spaced.shape[1] - top;
  const right = inWidth + filterWidth - 1 - spaced.shape[2] - left;
  return { spaced, padding: { top, left, bottom, right } };
}

/** Zeros around height and width; a negative amount cuts. */
function pad(x: tf.Tensor4D, { top, bottom, left, right }: Amounts): tf.Tensor4D {
  const around = (value: number) => Math.max(0, value);
  const padded =
    top > 0 || bottom > 0 || left > 0 || right > 0
      ? tf.pad(x, [
          [0, 0],
          [around(top), around(bottom)],
          [around(left), around(right)],
          [0, 0],
        ])
      : x;
  if (top >= 0 && bottom >= 0 && left >= 0 && right >= 0) return padded;
  const [batch, height, width, channels] = padded.shape;
  const size = [
    batch,
    height + Math.min(0, top) + Math.min(0, bottom),
    width + Math.min(0, left) + Math.min(0, right),
    channels,
  ];
  return tf.slice(padded, [0, around(-top), around(-left), 0], size as Shape4D);
}
