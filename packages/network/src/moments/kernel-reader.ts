import type { GraphLayer, LayerGraph } from '@tersor/core';
import { callsOf, layersByName } from '../graph/walk.js';
import type { KernelFacts, KernelWindow } from '../layers/layer-facts.js';
import { factsOf } from '../layers/layer-table.js';
import { offsetPlace, type OffsetPlace } from '../layers/offset-place.js';

/** A layer that multiplies rows of its input (kernel position, channel) with kernels. */
export interface KernelReader {
  readonly layer: GraphLayer;
  /** In the order in which they are applied. */
  readonly kernels: readonly KernelFacts[];
  /** Number of kernel positions. */
  readonly taps: number;
  /** Channels of the layer's input. */
  readonly channels: number;
  /** Number of groups of channels, each with its own part of the kernel; mostly 1. */
  readonly groups: number;
  readonly window?: KernelWindow;
  /** Calls of the layer. */
  readonly calls: readonly number[];
  /** Where a correction of its outputs' means can be added. */
  readonly offset?: OffsetPlace;
}

/** The layers that read rows of their input, in the order in which the network first calls them. */
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
    const groups = facts.groups?.(layer) ?? 1;
    const channels = kernel.shape[window ? 2 : 0]! * groups;
    const calls = callsOf(graph, name);
    return [
      { layer, kernels, taps, channels, groups, calls, ...(window && { window }), ...(offset && { offset }) },
    ];
  });
}

/** Values of a layer's kernel. */
export function kernelOf({ layer }: Pick<KernelReader, 'layer'>, name: string): Float32Array {
  return layer.weights.find((weight) => weight.name === name)!.data;
}

/**
 * Output of a layer for one row of its input, without bias and activation. It is linear in the row, so the
 * mean row gives the mean output.
 */
export function outputsOf(
  { kernels: facts, taps, channels, groups }: KernelReader,
  row: Float64Array,
  kernels: readonly Float32Array[],
): Float64Array {
  return facts.reduce(
    (values, { how }, i) =>
      how === 'mixes'
        ? product(groups > 1 ? rowByGroup(values, { taps, channels, groups }) : values, kernels[i]!, groups)
        : depthwise(values, kernels[i]!, taps, channels),
    row,
  );
}

/** Output of a depthwise kernel (taps x channels x multiplier) for one row. */
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

/**
 * Reorders a row from (kernel position, channel) to (kernel position, channel of the group, group), so that
 * the inputs of all groups for one kernel row are adjacent.
 */
export function rowByGroup<Row extends Float32Array | Float64Array>(
  row: Row,
  { taps, channels, groups }: Pick<KernelReader, 'taps' | 'channels' | 'groups'>,
): Row {
  const result = row.slice() as Row;
  const own = channels / groups;
  for (let tap = 0; tap < taps; tap++)
    for (let group = 0; group < groups; group++)
      for (let i = 0; i < own; i++)
        result[(tap * own + i) * groups + group] = row[tap * channels + group * own + i]!;
  return result;
}

/** Product of a row (kernel row, group) with a kernel whose outputs each read the inputs of their group. */
function product(row: Float64Array, kernel: Float32Array, groups: number): Float64Array {
  const inputs = row.length / groups;
  const outputs = kernel.length / inputs;
  const own = outputs / groups;
  const result = new Float64Array(outputs);
  for (let i = 0; i < row.length; i++) {
    const value = row[i]!;
    const from = (i % groups) * own;
    const at = Math.floor(i / groups) * outputs;
    if (value !== 0) for (let o = from; o < from + own; o++) result[o]! += value * kernel[at + o]!;
  }
  return result;
}
