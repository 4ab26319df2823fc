import * as tf from '@tensorflow/tfjs-core';

interface BatchNormInputs {
  readonly x: tf.Tensor;
  readonly mean: tf.Tensor;
  readonly variance: tf.Tensor;
  readonly scale?: tf.Tensor | null;
  readonly offset?: tf.Tensor | null;
}

const corrected = new Set<string>();

/**
 * Corrects batch norm over an axis other than the last one on a tfjs backend. The kernels of the cpu and wasm
 * backends (tfjs 4.22) repeat the statistics along the last axis whatever axis they belong to, so the result
 * is wrong. Calling this twice is harmless.
 */
export function correctBatchNorm(backendName: string): void {
  const stock = tf.getKernel('FusedBatchNorm', backendName);
  if (!stock || corrected.has(backendName)) return;
  corrected.add(backendName);
  tf.unregisterKernel('FusedBatchNorm', backendName);
  tf.registerKernel({
    ...stock,
    kernelFunc: (call) => {
      const inputs = call.inputs as unknown as BatchNormInputs;
      const { x, mean } = inputs;
      if (mean.shape.at(-1) === x.shape.at(-1) && mean.shape.slice(0, -1).every((size) => size === 1))
        return stock.kernelFunc(call);
      const epsilon = call.attrs!['varianceEpsilon'] as number;
      const backend = call.backend as tf.KernelBackend;
      const result = tf.tidy(() => spread(inputs, epsilon));
      // The engine creates its own tensor from what a kernel returns.
      backend.incRef(result.dataId);
      result.dispose();
      return { dataId: result.dataId, shape: result.shape, dtype: result.dtype };
    },
  });
}

function spread({ x, mean, variance, scale, offset }: BatchNormInputs, epsilon: number): tf.Tensor {
  const inverse = tf.rsqrt(tf.add(variance, epsilon));
  const centered = tf.mul(tf.sub(x, mean), scale ? tf.mul(inverse, scale) : inverse);
  return offset ? tf.add(centered, offset) : centered;
}
