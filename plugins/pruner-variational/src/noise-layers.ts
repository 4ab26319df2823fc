import { factsOf, type KernelWindow } from '@tersor/network';
import { elementCount, type GraphLayer, type LayerGraph } from '@tersor/core';

/** A layer that gets noise: its `kernel` has a 2-D slice per (input channel, output channel). */
export interface NoiseLayer {
  readonly name: string;
  /** `[kh, kw, inputs, outputs]` of a convolution, or `[inputs, outputs]` of a matrix product. */
  readonly shape: readonly number[];
  readonly inputs: number;
  readonly outputs: number;
  /** Values of one slice. */
  readonly taps: number;
  /** How a convolution moves over its input; a matrix product has none. */
  readonly window: KernelWindow | undefined;
}

/**
 * The layers of a graph that can get noise, as the facts about their classes say: Conv2D and Dense. Others
 * (depthwise, transposed, separable) are left as they are.
 */
export function findNoiseLayers(graph: LayerGraph): NoiseLayer[] {
  return graph.layers.flatMap((layer) => noiseLayer(layer) ?? []);
}

function noiseLayer(layer: GraphLayer): NoiseLayer | undefined {
  const facts = factsOf(layer);
  const shape = layer.weights.find((weight) => weight.name === 'kernel')?.shape;
  const window = facts?.window?.(layer);
  if (!facts?.noise || !shape || (facts.window && !window)) return undefined;
  const [inputs, outputs] = shape.slice(-2) as [number, number];
  const taps = elementCount(shape.slice(0, -2));
  return { name: layer.name, shape, inputs, outputs, taps, window };
}
