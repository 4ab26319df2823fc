import * as tf from '@tensorflow/tfjs-core';
import type { TensorflowKernelBackend } from './tensorflow-binding.js';

const BACKEND = 'tensorflow';
let replaced = false;

/**
 * Replaces tfjs-node's kernel of `step`, which the gradient of ReLU uses: it is made of five operations (one of them for NaN), and this of
 * two, a comparison and a cast. It gives 0 for NaN, where the stock one gives NaN; other slopes than 0 are left to the stock one.
 */
export function replaceKernels(): void {
  if (replaced) return;
  const stock = tf.getKernel('Step', BACKEND);
  if (!stock) return;
  replaced = true;
  tf.unregisterKernel('Step', BACKEND);
  tf.registerKernel({
    ...stock,
    kernelFunc(args) {
      const x = args.inputs['x'] as tf.TensorInfo;
      if (x.dtype !== 'float32' || args.attrs?.['alpha'] !== 0) return stock.kernelFunc(args);
      const backend = args.backend as TensorflowKernelBackend;
      const { TF_ATTR_TYPE: type, TF_ATTR_BOOL, TF_FLOAT, TF_BOOL } = backend.binding;
      return tf.tidy(() => {
        const isPositive = backend.executeSingleOutput('Greater', [{ name: 'T', type, value: TF_FLOAT }], [x, tf.scalar(0)]);
        const cast = [
          { name: 'SrcT', type, value: TF_BOOL },
          { name: 'DstT', type, value: TF_FLOAT },
          { name: 'Truncate', type: TF_ATTR_BOOL, value: false },
        ];
        return backend.executeSingleOutput('Cast', cast, [isPositive]);
      });
    },
  });
}
