import type { GraphLayer } from '@tersor/core';

/** How a convolution moves over its input. */
export interface Window {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly padding: 'same' | 'valid';
}

/**
 * The window of a convolution; `undefined` for other layers and for what isn't handled here (causal padding,
 * channels first).
 */
export function windowOf({ config, weights }: GraphLayer): Window | undefined {
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
