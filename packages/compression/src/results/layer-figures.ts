import { elementCount, type GraphLayer, type LayerGraph } from '@tersor/core';
import { cost, isKernel, packedBytes, type ActivationPolicy } from '@tersor/network';
import type { BitPolicy } from '../policy/quantized-graph.js';

/** What a layer with weights costs in one network. */
export interface LayerState {
  /** Output channels of the kernel; for a layer without kernels, values of its largest array. */
  readonly channels: number;
  readonly parameters: number;
  readonly macs: number;
  /**
   * Bytes of its arrays in the packed file, checksums included; 4 a value in a network that is not packed.
   */
  readonly bytes: number;
  /** 2-D kernel slices (input channel, output channel) in all, and those that are all zero. */
  readonly slices: number;
  readonly zeroSlices: number;
}

/** One line of `layers.json`: a layer before and after. */
export interface LayerFigures {
  readonly layer: string;
  readonly className: string;
  readonly original: LayerState;
  readonly compressed: LayerState;
  /** Bit width of its kernels; absent where they are not quantized. */
  readonly bits?: number;
  /** Bit width that its input is rounded to; absent where it is not. */
  readonly activationBits?: number;
}

export interface LayerFiguresInput {
  readonly original: LayerGraph;
  readonly compressed: LayerGraph;
  /** The packed file of `compressed`. */
  readonly packed?: Uint8Array;
  readonly bits?: BitPolicy;
  readonly activations?: ActivationPolicy;
}

/**
 * Every layer with weights, before and after. A layer that the compressed network no longer has is left out.
 */
export function layerFigures({
  original,
  compressed,
  packed,
  bits = {},
  activations = {},
}: LayerFiguresInput): LayerFigures[] {
  const before = layerStates(original, floatBytes(original));
  const after = layerStates(compressed, packed ? packedBytes(compressed, packed) : floatBytes(compressed));
  return original.layers.flatMap(({ name, className }) => {
    const [first, second] = [before.get(name), after.get(name)];
    if (!first || !second) return [];
    const activationBits = activations[name]?.bits;
    return [
      {
        layer: name,
        className,
        original: first,
        compressed: second,
        ...(bits[name] !== undefined && { bits: bits[name] }),
        ...(activationBits !== undefined && { activationBits }),
      },
    ];
  });
}

function layerStates(graph: LayerGraph, bytes: ReadonlyMap<string, number>): Map<string, LayerState> {
  const costs = new Map(cost(graph).layers.map((entry) => [entry.name, entry]));
  const states = graph.layers
    .filter(({ weights }) => weights.length > 0)
    .map((layer): [string, LayerState] => {
      const { parameters, macs } = costs.get(layer.name)!;
      return [
        layer.name,
        {
          channels: channelsOf(layer),
          parameters,
          macs,
          bytes: bytes.get(layer.name)!,
          ...sliceCounts(layer),
        },
      ];
    });
  return new Map(states);
}

function channelsOf({ weights }: GraphLayer): number {
  const kernel = weights.find(isKernel);
  if (!kernel) return Math.max(...weights.map(({ data }) => data.length));
  return kernel.name === 'depthwise_kernel'
    ? kernel.shape.at(-2)! * kernel.shape.at(-1)!
    : kernel.shape.at(-1)!;
}

function sliceCounts({ weights }: GraphLayer): { slices: number; zeroSlices: number } {
  let [slices, zeroSlices] = [0, 0];
  for (const { data, shape } of weights.filter(isKernel)) {
    const count = elementCount(shape.slice(-2));
    const used = new Uint8Array(count);
    for (let i = 0; i < data.length; i++) if (data[i] !== 0) used[i % count] = 1;
    slices += count;
    zeroSlices += count - used.reduce((sum, flag) => sum + flag, 0);
  }
  return { slices, zeroSlices };
}

function floatBytes(graph: LayerGraph): Map<string, number> {
  return new Map(
    graph.layers.map(({ name, weights }) => [
      name,
      weights.reduce((sum, { data }) => sum + data.length * 4, 0),
    ]),
  );
}
