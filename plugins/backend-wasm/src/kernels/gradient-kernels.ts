import * as tf from '@tensorflow/tfjs-core';
import { handOver } from './channel-kernels.js';
import type { ConvolutionAttributes, Shape4D } from './convolution-window.js';
import { depthwiseFilterGradient, filterGradient } from './filter-gradients.js';
import { depthwiseInputGradient, inputGradient } from './input-gradients.js';

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
