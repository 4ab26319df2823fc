import type { LayerGraph } from '@tersor/core';
import type { LoweredLayer } from '../src/lowering/lowered-layer.js';

/** A layer of a test's network: what it is, and the names of those that it reads (the one before it). */
export type Link = readonly [name: string, layer: LoweredLayer, ...inputs: string[]];

/**
 * A network on images of 2 x 2 x `channels`, every layer of which keeps that shape. The last is the output.
 */
export function chainOfLayers(channels: number, links: readonly Link[]): LayerGraph {
  const shape = [2, 2, channels];
  const input = {
    className: 'InputLayer',
    config: { batch_input_shape: [null, ...shape], dtype: 'float32', sparse: false },
  };
  const all: readonly Link[] = [['image', input], ...links];
  const names = all.map(([name]) => name);
  return {
    name: 'chain',
    layers: all.map(([name, { className, config, weights = [] }]) => ({
      name,
      className,
      config: { ...config, name },
      weights,
    })),
    calls: all.map(([layer, , ...inputs], i) => ({
      layer,
      inputs: inputs.length > 0 ? inputs.map((each) => names.indexOf(each)) : i > 0 ? [i - 1] : [],
      outputShape: shape,
    })),
    inputs: [0],
    outputs: [all.length - 1],
    metadata: {},
  };
}
