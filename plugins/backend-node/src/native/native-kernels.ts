import * as tf from '@tensorflow/tfjs-core';
import type { TensorflowKernelBackend } from '../tensorflow-binding.js';

const BACKEND = 'tensorflow';
let replaced = false;

/** Replaces two of tfjs-node's kernels. */
export function replaceKernels(): void {
  if (replaced || !tf.getKernel('Step', BACKEND)) return;
  replaced = true;
  replaceStep();
  replaceFilterGradient();
}

/**
 * `step`, which the gradient of ReLU uses: it is made of five operations (one of them for NaN), and this of
 * two, a comparison and a cast. It gives 0 for NaN, where the stock one gives NaN; other slopes than 0 are
 * left to the stock one.
 */
function replaceStep(): void {
  const stock = unregister('Step');
  tf.registerKernel({
    ...stock,
    kernelFunc(args) {
      const x = args.inputs['x'] as tf.TensorInfo;
      if (x.dtype !== 'float32' || args.attrs?.['alpha'] !== 0) return stock.kernelFunc(args);
      const backend = args.backend as TensorflowKernelBackend;
      const { TF_ATTR_TYPE: type, TF_ATTR_BOOL, TF_FLOAT, TF_BOOL } = backend.binding;
      return tf.tidy(() => {
        const isPositive = backend.executeSingleOutput(
          'Greater',
          [{ name: 'T', type, value: TF_FLOAT }],
          [x, tf.scalar(0)],
        );
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

/**
 * The gradient of a 1x1 convolution's filter with a stride, as the product that it is. oneDNN's writes beyond
 * its memory where the stride leaves rows at the end unread and the input channels are not a multiple of 16,
 * which pruned shortcuts of residual networks have (TensorFlow 2.21, AVX-512).
 */
function replaceFilterGradient(): void {
  const stock = unregister('Conv2DBackpropFilter');
  tf.registerKernel({
    ...stock,
    kernelFunc(args) {
      const { x, dy } = args.inputs as { x: tf.Tensor4D; dy: tf.Tensor4D };
      const { filterShape, strides } = args.attrs as unknown as {
        filterShape: [number, number, number, number];
        strides: number | [number, number];
      };
      const [down, right] = typeof strides === 'number' ? [strides, strides] : strides;
      const [height, width, inputs, outputs] = filterShape;
      if (height !== 1 || width !== 1 || (down === 1 && right === 1)) return stock.kernelFunc(args);
      return tf.tidy(() => {
        const read = tf.stridedSlice(x, [0, 0, 0, 0], x.shape, [1, down, right, 1]);
        return tf.reshape(
          tf.matMul(tf.reshape(read, [-1, inputs]), tf.reshape(dy, [-1, outputs]), true),
          filterShape,
        );
      });
    },
  });
}

function unregister(kernelName: string): tf.KernelConfig {
  const stock = tf.getKernel(kernelName, BACKEND);
  tf.unregisterKernel(kernelName, BACKEND);
  return stock;
}
