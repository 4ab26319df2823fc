import type { GraphLayer, LayerGraph } from '@tersor/core';

/**
 * A layer that gets noise: Conv2D or Dense, whose kernel has a 2-D slice per (input channel, output channel).
 */
export interface NoiseLayer {
  readonly name: string;
  readonly className: 'Conv2D' | 'Dense';
  /** `[kh, kw, inputs, outputs]`, or `[inputs, outputs]`. */
  readonly shape: readonly number[];
  readonly inputs: number;
  readonly outputs: number;
  /** Values of one slice. */
  readonly taps: number;
  readonly strides: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly padding: 'same' | 'valid';
}

/**
 * The layers of a graph that can get noise. Others (depthwise, transposed, separable) are left as they are.
 */
export function findNoiseLayers(graph: LayerGraph): NoiseLayer[] {
  return graph.layers.flatMap((layer) => noiseLayer(layer) ?? []);
}

function noiseLayer({ name, className, config, weights }: GraphLayer): NoiseLayer | undefined {
  const shape = weights.find((weight) => weight.name === 'kernel')?.shape;
  const padding = className === 'Dense' ? 'valid' : config['padding'];
  if (
    !shape ||
    (className !== 'Conv2D' && className !== 'Dense') ||
    (padding !== 'same' && padding !== 'valid') ||
    config['data_format'] === 'channels_first'
  )
    return undefined;
  const [inputs, outputs] = shape.slice(-2) as [number, number];
  const taps = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  return {
    name,
    className,
    shape,
    inputs,
    outputs,
    taps,
    strides: pair(config['strides']),
    dilation: pair(config['dilation_rate']),
    padding,
  };
}

function pair(value: unknown): [number, number] {
  const list = Array.isArray(value) ? value.map(Number) : [Number(value ?? 1)];
  return [list[0]!, list[1] ?? list[0]!];
}
