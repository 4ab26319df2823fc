import * as tf from '@tensorflow/tfjs-core';
import {
  convolutionInfo,
  pad,
  type ConvolutionAttributes,
  type Shape4D,
  type WasmMemory,
} from './convolution-window.js';

/** Values that the left side of a product may have; more are computed in parts. 64 MiB. */
const LARGEST_PRODUCT = 2 ** 24;

/**
 * dW[i, j, c, o] = sum over h, w, n of x[n, h s + i, w s + j, c] dy[n, h, w, o]: a product of what every
 * filter position sees of x, in a row for each channel, with dy. As a convolution of x with dy it would have
 * 3 x 3 results for an image, of which the library computes four at a time: twelve instead of nine.
 */
export function filterGradient(
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

/** One product and sum per position of the filter: a depthwise filter has few. */
export function depthwiseFilterGradient(
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
