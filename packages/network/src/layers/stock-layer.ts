import type { GraphLayer } from '@tersor/core';

/** A layer as one of a stock class, with its name, whether it is trained, and a config of that class. */
export function stockLayer(layer: GraphLayer, className: string, config: GraphLayer['config']): GraphLayer {
  const { name, trainable } = layer.config;
  const kept = { name: name ?? layer.name, ...(trainable !== undefined && { trainable }) };
  return { ...layer, className, config: { ...kept, data_format: 'channels_last', ...config } };
}
