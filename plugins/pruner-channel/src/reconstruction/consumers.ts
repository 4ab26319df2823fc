import type { GraphLayer, LayerGraph, WeightTensor } from '@tersor/core';

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
  /**
   * Where an offset of the outputs can go: the layer's own bias, or (with the sign turned) the moving mean of
   * the batch norm behind it.
   */
  readonly offset?: { readonly layer: string; readonly weight: 'bias' | 'moving_mean' };
  readonly window?: Window;
  /** Calls of the layer. */
  readonly calls: readonly number[];
}

/** How a convolution moves over its input. */
export interface Window {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly padding: 'same' | 'valid';
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
    const offset = offsetOf(graph, layer, calls);
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

function offsetOf(graph: LayerGraph, layer: GraphLayer, calls: readonly number[]): Consumer['offset'] {
  if (layer.weights.some(({ name }) => name === 'bias')) return { layer: layer.name, weight: 'bias' };
  // Without a bias, a batch norm that alone reads the output, right behind it and once, can take the offset.
  const readers = graph.calls.filter(({ inputs }) => calls.some((call) => inputs.includes(call)));
  const reader = graph.layers.find(({ name }) => name === readers[0]?.layer);
  const activation = layer.config['activation'] ?? 'linear';
  const alone =
    calls.length === 1 &&
    readers.length === 1 &&
    !graph.outputs.includes(calls[0]!) &&
    graph.calls.filter((call) => call.layer === reader?.name).length === 1;
  const mean: WeightTensor | undefined = reader?.weights.find(({ name }) => name === 'moving_mean');
  const outputs = graph.calls[calls[0]!]!.outputShape.at(-1);
  return alone && activation === 'linear' && reader && mean?.shape[0] === outputs
    ? { layer: reader.name, weight: 'moving_mean' }
    : undefined;
}

/**
 * The window of a convolution; `undefined` for other layers and for what isn't handled here (causal padding,
 * channels first).
 */
function windowOf({ config, weights }: GraphLayer): Window | undefined {
  const kernel =
    weights.find(({ name }) => name === 'depthwise_kernel') ?? weights.find(({ name }) => name === 'kernel');
  const padding = config['padding'];
  if (
    kernel?.shape.length !== 4 ||
    (padding !== 'same' && padding !== 'valid') ||
    config['data_format'] === 'channels_first'
  )
    return undefined;
  return {
    size: [kernel.shape[0]!, kernel.shape[1]!],
    strides: pair(config['strides']),
    dilation: pair(config['dilation_rate']),
    padding,
  };
}

function pair(value: unknown): [number, number] {
  const list = Array.isArray(value) ? value.map(Number) : [Number(value ?? 1)];
  return [list[0]!, list[1] ?? list[0]!];
}
