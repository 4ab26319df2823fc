import type { GraphLayer, LayerGraph } from '@tersor/core';
import { callsOf, layersByName } from '../graph/walk.js';
import type { KernelFacts, KernelWindow } from '../layers/layer-facts.js';
import { factsOf } from '../layers/layer-table.js';
import { offsetPlace, type OffsetPlace } from '../layers/offset-place.js';

/** A layer that multiplies kernels with rows of its input: (kernel position, channel), positions first. */
export interface KernelReader {
  readonly layer: GraphLayer;
  /** In the order in which they are applied. */
  readonly kernels: readonly KernelFacts[];
  /** Kernel positions. */
  readonly taps: number;
  readonly channels: number;
  readonly window?: KernelWindow;
  /** Calls of the layer. */
  readonly calls: readonly number[];
  /** Where a correction of its outputs' means can go. */
  readonly offset?: OffsetPlace;
}

/** Finds the layers whose inputs are understood, in the order in which the network first calls them. */
export function kernelReaders(graph: LayerGraph): KernelReader[] {
  const layers = layersByName(graph);
  const order = [...new Set(graph.calls.map(({ layer }) => layer))];
  return order.flatMap((name): KernelReader[] => {
    const layer = layers.get(name)!;
    const facts = factsOf(layer);
    const kernels = facts?.kernels;
    const kernel = layer.weights.find((weight) => weight.name === kernels?.[0]?.weight);
    const window = facts?.window?.(layer);
    if (!kernels || !kernel || (facts.window && !window)) return [];
    const offset = offsetPlace(graph, name);
    const taps = window ? window.size[0] * window.size[1] : 1;
    const channels = kernel.shape[window ? 2 : 0]!;
    const calls = callsOf(graph, name);
    return [{ layer, kernels, taps, channels, calls, ...(window && { window }), ...(offset && { offset }) }];
  });
}

/** Values of a layer's kernel. */
export function kernelOf({ layer }: Pick<KernelReader, 'layer'>, name: string): Float32Array {
  return layer.weights.find((weight) => weight.name === name)!.data;
}

/**
 * What a layer gives for one row of its input, without bias and activation; linear in the row, so that the
 * mean of the rows gives the mean of the outputs.
 */
export function outputsOf(
  { kernels: facts, taps, channels }: KernelReader,
  row: Float64Array,
  kernels: readonly Float32Array[],
): Float64Array {
  return facts.reduce(
    (values, { how }, i) =>
      how === 'mixes' ? product(values, kernels[i]!) : depthwise(values, kernels[i]!, taps, channels),
    row,
  );
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
