import { callsOf, factsOf, offsetPlace, type KernelWindow, type OffsetPlace } from '@tersor/network';
import { elementCount, type LayerGraph } from '@tersor/core';

/** A layer whose kernel mixes channels, so that the channels that stay can stand in for those that go. */
export interface Consumer {
  readonly layer: string;
  /**
   * Name of the weight that is refit: `kernel` or `pointwise_kernel`; its values are `inputs * outputs`, the
   * outputs last.
   */
  readonly weight: string;
  /** Kernel positions: the size of one sample point is `taps * channels`, of each group. */
  readonly taps: number;
  /** Input channels of the kernel: those of one group. */
  readonly channels: number;
  /** Output channels of all groups. */
  readonly outputs: number;
  /** A group of outputs reads one of inputs, and is a least squares problem of its own. */
  readonly groups: number;
  /** Where an offset of the outputs can go: the layer's own bias, or the batch norm that alone reads it. */
  readonly offset?: OffsetPlace;
  readonly window?: Window;
  /** Calls of the layer. */
  readonly calls: readonly number[];
}

/** How a convolution moves over its input. */
export type Window = KernelWindow;

/**
 * Finds the layers that can be refit, as the facts about their classes say: Conv2D, in groups too, the
 * pointwise part of SeparableConv2D, and Dense. Others keep their weights, and so do convolutions with a
 * window that is not handled (channels first).
 */
export function findConsumers(graph: LayerGraph): Consumer[] {
  return graph.layers.flatMap((layer): Consumer[] => {
    const facts = factsOf(layer);
    const weight = facts?.refit;
    const kernel = layer.weights.find(({ name }) => name === weight);
    const window = facts?.window?.(layer);
    if (weight === undefined || !kernel || (facts?.window && !window)) return [];
    const [channels, outputs] = kernel.shape.slice(-2) as [number, number];
    const taps = elementCount(kernel.shape.slice(0, -2));
    const offset = offsetPlace(graph, layer.name);
    return [
      {
        layer: layer.name,
        weight,
        taps,
        channels,
        outputs,
        groups: facts?.groups?.(layer) ?? 1,
        calls: callsOf(graph, layer.name),
        ...(offset && { offset }),
        ...(window && { window }),
      },
    ];
  });
}
