import type { GraphLayer, LayerGraph } from '@tersor/core';
import { offsetPlace, type OffsetPlace } from './offset-place.js';
import { windowOf, type Window } from './window.js';

/** A layer that multiplies kernels with rows of its input: (kernel position, channel), positions first. */
export interface KernelReader {
  readonly layer: GraphLayer;
  readonly className: (typeof CLASSES)[number];
  /** Kernel positions. */
  readonly taps: number;
  readonly channels: number;
  readonly window?: Window;
  /** Calls of the layer. */
  readonly calls: readonly number[];
  /** Where a correction of its outputs' means can go. */
  readonly offset?: OffsetPlace;
}

const CLASSES = ['Conv2D', 'Dense', 'DepthwiseConv2D', 'SeparableConv2D'] as const;

/** Finds the layers whose inputs are understood, in the order in which the network first calls them. */
export function kernelReaders(graph: LayerGraph): KernelReader[] {
  const layers = new Map(graph.layers.map((layer) => [layer.name, layer]));
  const order = [...new Set(graph.calls.map(({ layer }) => layer))];
  return order.flatMap((name): KernelReader[] => {
    const layer = layers.get(name)!;
    const className = CLASSES.find((each) => each === layer.className);
    const kernel = layer.weights.find((weight) => weight.name === KERNELS[className ?? 'Dense'][0]);
    const window = windowOf(layer);
    if (!className || !kernel || (className !== 'Dense' && !window)) return [];
    const calls = graph.calls.flatMap((call, index) => (call.layer === name ? [index] : []));
    const offset = offsetPlace(graph, layer, calls);
    const taps = window ? window.size[0] * window.size[1] : 1;
    const channels = kernel.shape[window ? 2 : 0]!;
    return [
      { layer, className, taps, channels, calls, ...(window && { window }), ...(offset && { offset }) },
    ];
  });
}

/** Names of the kernels of each class, in the order in which they are applied. */
export const KERNELS: Readonly<Record<KernelReader['className'], readonly string[]>> = {
  Conv2D: ['kernel'],
  Dense: ['kernel'],
  DepthwiseConv2D: ['depthwise_kernel'],
  SeparableConv2D: ['depthwise_kernel', 'pointwise_kernel'],
};

/** Values of a layer's kernel. */
export function kernelOf({ layer }: Pick<KernelReader, 'layer'>, name: string): Float32Array {
  return layer.weights.find((weight) => weight.name === name)!.data;
}

/**
 * What a layer gives for one row of its input, without bias and activation; linear in the row, so that the
 * mean of the rows gives the mean of the outputs.
 */
export function outputsOf(
  { className, taps, channels }: KernelReader,
  row: Float64Array,
  kernels: readonly Float32Array[],
): Float64Array {
  if (className === 'Conv2D' || className === 'Dense') return product(row, kernels[0]!);
  const filtered = depthwise(row, kernels[0]!, taps, channels);
  return className === 'DepthwiseConv2D' ? filtered : product(filtered, kernels[1]!);
}

/** Result of a depthwise kernel (taps x channels x multiplier) for one row. */
export function depthwise(
  row: ArrayLike<number>,
  kernel: Float32Array,
  taps: number,
  channels: number,
): Float64Array {
  const multiplier = kernel.length / taps / channels;
  const result = new Float64Array(channels * multiplier);
  for (let at = 0; at < taps * channels; at++) {
    const value = row[at]!;
    const to = (at % channels) * multiplier;
    for (let m = 0; m < multiplier; m++) result[to + m]! += value * kernel[at * multiplier + m]!;
  }
  return result;
}

function product(row: Float64Array, kernel: Float32Array): Float64Array {
  const outputs = kernel.length / row.length;
  const result = new Float64Array(outputs);
  for (let i = 0; i < row.length; i++) {
    const value = row[i]!;
    if (value !== 0) for (let o = 0; o < outputs; o++) result[o]! += value * kernel[i * outputs + o]!;
  }
  return result;
}
