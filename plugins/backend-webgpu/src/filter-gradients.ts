import * as tf from '@tensorflow/tfjs-core';

type Shape4D = [number, number, number, number];

interface Attributes {
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly filterShape: Shape4D;
}

/** Tiles of 32x32 results that a product is cut into at least, where its rows suffice. */
const TILES = 512;

/**
 * Replaces tfjs's gradients of filters on the webgpu backend. Its own have one thread for each value of the
 * filter, which walks over all images and positions: a convolution from 8 to 16 channels keeps 128 of a GPU's
 * 200,000 threads busy. These are products and sums that are cut into parts. Sums have a fixed order: the
 * same input gives the same bits. Twice is harmless.
 */
export function registerFilterGradients(): void {
  replace('Conv2DBackpropFilter', filterGradient, ({ dataFormat }) => dataFormat !== 'NCHW');
  replace(
    'DepthwiseConv2dNativeBackpropFilter',
    depthwiseFilterGradient,
    ({ filterShape }) => filterShape[3] === 1,
  );
}

const replaced = new Set<string>();

function replace(
  kernelName: string,
  compute: (x: tf.Tensor4D, dy: tf.Tensor4D, attributes: Attributes) => tf.Tensor,
  applies: (attributes: Attributes & { readonly dataFormat?: string }) => boolean,
): void {
  const stock = tf.getKernel(kernelName, 'webgpu');
  if (!stock || replaced.has(kernelName)) return;
  replaced.add(kernelName);
  tf.unregisterKernel(kernelName, 'webgpu');
  tf.registerKernel({
    ...stock,
    kernelFunc: (call) => {
      const attributes = call.attrs as unknown as Attributes;
      if (!applies(attributes)) return stock.kernelFunc(call);
      const { x, dy } = call.inputs as unknown as Record<'x' | 'dy', tf.Tensor4D>;
      const backend = call.backend as tf.KernelBackend;
      const result = tf.tidy(() => tf.reshape(compute(x, dy, attributes), attributes.filterShape));
      // The engine makes a tensor of its own from what a kernel returns.
      backend.incRef(result.dataId);
      result.dispose();
      return { dataId: result.dataId, shape: result.shape, dtype: result.dtype };
    },
  });
}

/** dW[i, j, c, o] = sum over n, h, w of x[n, h s + i, w s + j, c] dy[n, h, w, o]: a product for each i, j. */
function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, attributes: Attributes): tf.Tensor {
  const [, , inChannels, outChannels] = attributes.filterShape;
  const rows = dy.size / outChannels;
  const tiles = Math.ceil(inChannels / 32) * Math.ceil(outChannels / 32);
  const parts = partsOf(rows, Math.ceil(TILES / tiles));
  const gradient = tf.reshape(dy, [parts, rows / parts, outChannels]);
  return tf.stack(
    seen(x, attributes, false, (part) =>
      tf.sum(tf.matMul(tf.reshape(part, [parts, rows / parts, inChannels]), gradient, true), 0),
    ),
  );
}

/** dW[i, j, c] = sum over n, h, w of x[n, h s + i, w s + j, c] dy[n, h, w, c]. */
function depthwiseFilterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, attributes: Attributes): tf.Tensor {
  const channels = dy.shape[3];
  const rows = dy.size / channels;
  const parts = partsOf(rows, Math.ceil(TILES / channels) * 8);
  return tf.stack(
    seen(x, attributes, true, (part) =>
      tf.sum(tf.sum(tf.reshape(tf.mul(part, dy), [parts, rows / parts, channels]), 1), 0),
    ),
  );
}

/** The largest divisor of a number of rows that is no larger than `most`. */
function partsOf(rows: number, most: number): number {
  for (let parts = Math.min(rows, most); parts > 1; parts--) if (rows % parts === 0) return parts;
  return 1;
}

/** What each position of a filter sees of the input, in the shape of the output, given to `use`. */
function seen(
  x: tf.Tensor4D,
  { strides, pad, dimRoundingMode, filterShape }: Attributes,
  isDepthwise: boolean,
  use: (part: tf.Tensor4D) => tf.Tensor,
): tf.Tensor[] {
  const info = tf.backend_util.computeConv2DInfo(
    x.shape,
    filterShape,
    strides,
    1,
    pad as 'same',
    dimRoundingMode,
    isDepthwise,
  );
  const { top, bottom, left, right } = info.padInfo;
  const isPadded = top + bottom + left + right > 0;
  const padded = isPadded
    ? tf.pad(x, [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ])
    : x;
  const { filterHeight, filterWidth, outHeight, outWidth, strideHeight, strideWidth } = info;
  const found: tf.Tensor[] = [];
  for (let i = 0; i < filterHeight; i++)
    for (let j = 0; j < filterWidth; j++)
      found.push(
        tf.tidy(() =>
          use(
            tf.stridedSlice(
              padded,
              [0, i, j, 0],
              [
                x.shape[0],
                i + (outHeight - 1) * strideHeight + 1,
                j + (outWidth - 1) * strideWidth + 1,
                x.shape[3],
              ],
              [1, strideHeight, strideWidth, 1],
            ) as tf.Tensor4D,
          ),
        ),
      );
  return found;
}
