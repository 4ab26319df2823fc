import type { LayerGraph } from '@tersor/core';
import { offsetPlace, windowOf, type OffsetPlace, type Window } from '@tersor/network';

/** A layer whose kernel mixes channels, so that the channels that stay can stand in for those that go. */
export interface Consumer {
  readonly layer: string;
  /**
   * Name of the weight that is refit: `kernel` or `pointwise_kernel`; its values are `inputs * outputs`, the
   * outputs last.
   */
  readonly weight: string;
  /** Kernel positions: the size of one sample point is `taps * channels`. */
  readonly taps: number;
  readonly channels: number;
  readonly outputs: number;
  readonly offset?: OffsetPlace;
  readonly window?: Window;
  /** Calls of the layer. */
  readonly calls: readonly number[];
}

/**
 * Finds the layers that can be refit: Conv2D, the pointwise part of SeparableConv2D, and Dense. Others keep
 * their weights.
 */
export function findConsumers(graph: LayerGraph): Consumer[] {
  return graph.layers.flatMap((layer): Consumer[] => {
    const weight = layer.className === 'SeparableConv2D' ? 'pointwise_kernel' : 'kernel';
    const kernel = layer.weights.find(({ name }) => name === weight);
    const window = windowOf(layer);
    if (
      !kernel ||
      !['Conv2D', 'SeparableConv2D', 'Dense'].includes(layer.className) ||
      (layer.className !== 'Dense' && !window)
    )
      return [];
    const [channels, outputs] = kernel.shape.slice(-2) as [number, number];
    const taps = layer.className === 'Conv2D' ? kernel.shape[0]! * kernel.shape[1]! : 1;
    const calls = graph.calls.flatMap((call, index) => (call.layer === layer.name ? [index] : []));
    const offset = offsetPlace(graph, layer, calls);
    return [
      {
        layer: layer.name,
        weight,
        taps,
        channels,
        outputs,
        calls,
        ...(offset && { offset }),
        ...(window && { window }),
      },
    ];
  });
}
