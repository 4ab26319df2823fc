import * as tf from '@tensorflow/tfjs-core';

/**
 * Faster forms, for the wasm backend, of what batch norm and biases do all the time: combining every pixel
 * with one value per channel, and summing or averaging over everything but the channels. tfjs's wasm backend
 * has loops of index arithmetic for both (30 and 35 ms for 32 images of 32 x 32 x 64, measured), while its
 * depthwise convolution and average pooling are vector code (2.5 and 1 ms). So the first becomes a 1 x 1
 * depthwise convolution `x * scale + shift`, and the second an average pool.
 */
const BROADCASTS: Readonly<Record<string, (x: tf.Tensor4D, value: tf.Tensor1D) => tf.Tensor>> = {
  Multiply: (x, value) => affine(x, value, tf.zerosLike(value)),
  Add: (x, value) => affine(x, tf.onesLike(value), value),
  Sub: (x, value) => affine(x, tf.onesLike(value), tf.neg(value)),
};

/** Below this many values the stock kernel is as fast. */
const SMALLEST = 4096;
/**
 * Values that a single pooling window adds up in float32: short sums, added up again, keep the rounding error
 * small.
 */
const LONGEST_SUM = 256;

let isRegistered = false;

/**
 * Puts the fast forms in front of the wasm backend's kernels; what does not fit their pattern goes to the
 * stock kernel. Twice is harmless.
 */
export function registerChannelKernels(): void {
  if (isRegistered) return;
  isRegistered = true;
  for (const [name, compose] of Object.entries(BROADCASTS)) {
    intercept(name, ({ a, b }) => {
      const turned = name !== 'Sub' && isPerChannel(b!, a!);
      const [x, value] = turned ? [b!, a!] : [a!, b!];
      return isPerChannel(x, value)
        ? () => tf.reshape(compose(asRows(x), tf.reshape(value, [-1])), x.shape)
        : undefined;
    });
  }
  for (const name of ['Sum', 'Mean']) {
    intercept(name, ({ x }, attributes) => {
      const axes = tf.util.parseAxisParam(attributes['axis'] as number[], x!.shape);
      const channels = x!.shape.at(-1)!;
      const isAllButLast = x!.rank > 1 && axes.length === x!.rank - 1 && !axes.includes(x!.rank - 1);
      if (!isAllButLast || !isLarge(x!)) return undefined;
      const shape = attributes['keepDims'] ? [...x!.shape.slice(0, -1).map(() => 1), channels] : [channels];
      return () => {
        const rows = x!.size / channels;
        const mean = tf.reshape(averageRows(tf.reshape(x!, [rows, channels])), shape);
        return name === 'Mean' ? mean : tf.mul(mean, rows);
      };
    });
  }
}

type Inputs = Readonly<Record<string, tf.Tensor>>;

/** Replaces a kernel where `plan` gives a composition for its inputs. */
export function intercept(
  kernelName: string,
  plan: (inputs: Inputs, attributes: Readonly<Record<string, unknown>>) => (() => tf.Tensor) | undefined,
): void {
  const stock = tf.getKernel(kernelName, 'wasm')!;
  tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({
    ...stock,
    kernelFunc: (call) => {
      const isOperation = Object.values(call.inputs).every((input) => input instanceof tf.Tensor);
      const compose = isOperation
        ? plan(call.inputs as unknown as Inputs, (call.attrs ?? {}) as Record<string, unknown>)
        : undefined;
      return compose ? handOver(call.backend as tf.KernelBackend, compose) : stock.kernelFunc(call);
    },
  });
}

/** Runs a composition of operations and gives its result as a kernel does: the data without our tensor. */
export function handOver(backend: tf.KernelBackend, compose: () => tf.Tensor): tf.TensorInfo {
  const result = tf.tidy(compose);
  // The engine makes a tensor of its own from what a kernel returns: hand the data over and let go of ours.
  backend.incRef(result.dataId);
  result.dispose();
  return { dataId: result.dataId, shape: result.shape, dtype: result.dtype };
}

function isLarge(x: tf.Tensor): boolean {
  return x.dtype === 'float32' && x.size >= SMALLEST && x.size / x.shape.at(-1)! > 1;
}

/** Whether `value` holds one number for each channel of `x`. */
function isPerChannel(x: tf.Tensor, value: tf.Tensor): boolean {
  const channels = x.shape.at(-1);
  return (
    x.rank > 1 &&
    channels! > 1 &&
    value.size === channels &&
    value.shape.at(-1) === channels &&
    value.rank <= x.rank &&
    value.dtype === 'float32' &&
    isLarge(x)
  );
}

function asRows(x: tf.Tensor): tf.Tensor4D {
  const channels = x.shape.at(-1)!;
  return tf.reshape(x, [1, x.size / channels, 1, channels]);
}

function affine(x: tf.Tensor4D, scale: tf.Tensor1D, shift: tf.Tensor1D): tf.Tensor {
  return tf.fused.depthwiseConv2d({
    x,
    filter: tf.reshape(scale, [1, 1, -1, 1]),
    strides: 1,
    pad: 'valid',
    bias: shift,
  });
}

/** Mean of the rows, as sums of sums. */
function averageRows(x: tf.Tensor2D): tf.Tensor2D {
  const [rows, channels] = x.shape;
  if (rows === 1) return x;
  let window = Math.min(rows, LONGEST_SUM);
  while (rows % window !== 0) window--;
  // A count of rows without a small divisor is summed in one go.
  if (window === 1) window = rows;
  const pooled = tf.avgPool(
    tf.reshape(x, [rows / window, window, 1, channels]) as tf.Tensor4D,
    [window, 1],
    [window, 1],
    'valid',
  );
  return averageRows(tf.reshape(pooled, [rows / window, channels]));
}
