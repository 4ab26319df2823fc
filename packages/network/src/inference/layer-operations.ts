import type { GraphLayer } from '@tersor/core';
import { isChannelsFirst } from '../graph/channels-first.js';
import type { ConvolutionOperation, PlanActivation, PlanOperation, PlanWeight } from './plan-step.js';

/** An operation with the activation that follows it. */
export interface Emitted {
  readonly operation: PlanOperation;
  readonly activation?: PlanActivation;
}

export interface LayerSite {
  readonly layer: GraphLayer;
  /** Shapes of one sample. */
  readonly inputShapes: readonly (readonly number[])[];
  readonly outputShape: readonly number[];
}

type Config = GraphLayer['config'];

/** Layers that pass their input on when they are not training. */
const IDENTITIES = new Set([
  'Dropout',
  'SpatialDropout2D',
  'GaussianNoise',
  'GaussianDropout',
  'AlphaDropout',
]);

const ACTIVATIONS: Readonly<Record<string, PlanActivation>> = {
  relu: { name: 'relu' },
  relu6: { name: 'relu6' },
  sigmoid: { name: 'sigmoid' },
  tanh: { name: 'tanh' },
  elu: { name: 'elu' },
  softmax: { name: 'softmax' },
};

/**
 * The operations, in order, that a layer is at inference; none for a layer that passes its input on.
 * `undefined`: not known here, so the stock layer must run it.
 */
export function layerOperations(site: LayerSite): readonly Emitted[] | undefined {
  if (IDENTITIES.has(site.layer.className)) return [];
  if (isChannelsFirst(site.layer)) return undefined;
  return EMITTERS[site.layer.className]?.(site);
}

const EMITTERS: Readonly<Record<string, (site: LayerSite) => readonly Emitted[] | undefined>> = {
  Conv2D: ({ layer }) => {
    const window = convolutionWindow(layer.config);
    const kernel = weight(layer, 'kernel');
    return (
      window && kernel && withActivation({ kind: 'convolution', kernel, ...bias(layer), ...window }, layer)
    );
  },
  DepthwiseConv2D: ({ layer }) => {
    const window = convolutionWindow(layer.config);
    const kernel = weight(layer, 'depthwise_kernel');
    return (
      window && kernel && withActivation({ kind: 'depthwise', kernel, ...bias(layer), ...window }, layer)
    );
  },
  SeparableConv2D: ({ layer }) => {
    const window = convolutionWindow(layer.config);
    const depthwise = weight(layer, 'depthwise_kernel');
    const pointwise = weight(layer, 'pointwise_kernel');
    if (!window || !depthwise || !pointwise) return undefined;
    const point = { strides: [1, 1], dilation: [1, 1], padding: 'valid' } as const;
    const second = withActivation(
      { kind: 'convolution', kernel: pointwise, ...bias(layer), ...point },
      layer,
    );
    return second && [{ operation: { kind: 'depthwise', kernel: depthwise, ...window } }, ...second];
  },
  Dense: ({ layer, inputShapes }) => {
    const kernel = weight(layer, 'kernel');
    if (!kernel || inputShapes[0]?.length !== 1) return undefined;
    return withActivation({ kind: 'dense', kernel, ...bias(layer) }, layer);
  },
  BatchNormalization: ({ layer, inputShapes }) => {
    const rank = inputShapes[0]!.length;
    const axis = Number(layer.config['axis'] ?? -1);
    const { scale, shift } = batchNormAffine(layer);
    // Of a batch of rank + 1 axes; a length of 1 is spread over the axes behind it.
    const behind = axis === -1 ? 0 : rank - axis;
    const spread = ({ shape, data }: PlanWeight): PlanWeight => ({
      shape: [...shape, ...Array.from({ length: behind }, () => 1)],
      data,
    });
    return [{ operation: { kind: 'scale-shift', scale: spread(scale), shift: spread(shift) } }];
  },
  Activation: ({ layer }) => activationOnly(layer.config),
  ReLU: ({ layer }) => {
    const maximum = layer.config['max_value'] ?? undefined;
    if (maximum !== undefined && maximum !== 6) return undefined;
    return [{ operation: { kind: 'activation' }, activation: { name: maximum === 6 ? 'relu6' : 'relu' } }];
  },
  LeakyReLU: ({ layer }) => [
    {
      operation: { kind: 'activation' },
      activation: { name: 'leakyrelu', alpha: Number(layer.config['alpha'] ?? 0.3) },
    },
  ],
  Softmax: ({ layer, inputShapes }) => {
    const axis = layer.config['axis'] ?? -1;
    if (axis !== -1 && axis !== inputShapes[0]!.length) return undefined;
    return [{ operation: { kind: 'activation' }, activation: { name: 'softmax' } }];
  },
  Add: ({ inputShapes }) =>
    inputShapes.every((shape) => shape.join() === inputShapes[0]!.join())
      ? [{ operation: { kind: 'add' } }]
      : undefined,
  Concatenate: ({ layer, inputShapes }) => {
    const axis = layer.config['axis'] ?? -1;
    return axis === -1 || axis === inputShapes[0]!.length
      ? [{ operation: { kind: 'concatenate' } }]
      : undefined;
  },
  MaxPooling2D: ({ layer }) => pool('max-pool', layer.config),
  AveragePooling2D: ({ layer }) => pool('average-pool', layer.config),
  GlobalAveragePooling2D: () => [{ operation: { kind: 'global-average-pool' } }],
  Flatten: ({ outputShape }) => [{ operation: { kind: 'reshape', shape: outputShape } }],
  Reshape: ({ outputShape }) => [{ operation: { kind: 'reshape', shape: outputShape } }],
  ZeroPadding2D: ({ layer }) => {
    const padding = layer.config['padding'];
    if (!Array.isArray(padding) || !padding.every((side) => Array.isArray(side) && side.length === 2))
      return undefined;
    return [{ operation: { kind: 'zero-pad', padding: [padding[0], padding[1]] } }];
  },
};

/** `gamma (x - mean) / sqrt(variance + epsilon) + beta` as `x * scale + shift`. */
function batchNormAffine(layer: GraphLayer): { scale: PlanWeight; shift: PlanWeight } {
  const mean = weight(layer, 'moving_mean')!;
  const variance = weight(layer, 'moving_variance')!;
  const gamma = weight(layer, 'gamma');
  const beta = weight(layer, 'beta');
  const epsilon = Number(layer.config['epsilon'] ?? 1e-3);
  const scale = variance.data.map((value, i) => (gamma?.data[i] ?? 1) / Math.sqrt(value + epsilon));
  const shift = mean.data.map((value, i) => (beta?.data[i] ?? 0) - value * scale[i]!);
  return { scale: { shape: mean.shape, data: scale }, shift: { shape: mean.shape, data: shift } };
}

function weight(layer: GraphLayer, name: string): PlanWeight | undefined {
  const found = layer.weights.find((candidate) => candidate.name === name);
  return found && { shape: found.shape, data: found.data };
}

function bias(layer: GraphLayer): { bias?: PlanWeight } {
  const found = weight(layer, 'bias');
  return found ? { bias: found } : {};
}

function convolutionWindow(
  config: Config,
): Pick<ConvolutionOperation, 'padding' | 'strides' | 'dilation'> | undefined {
  const padding = config['padding'];
  const strides = pair(config['strides'] ?? 1);
  const dilation = pair(config['dilation_rate'] ?? 1);
  return (padding === 'same' || padding === 'valid') && strides && dilation
    ? { padding, strides, dilation }
    : undefined;
}

function pool(kind: 'max-pool' | 'average-pool', config: Config): readonly Emitted[] | undefined {
  const padding = config['padding'];
  const size = pair(config['pool_size'] ?? 2);
  const strides = pair(config['strides'] ?? config['pool_size'] ?? 2);
  if ((padding !== 'same' && padding !== 'valid') || !size || !strides) return undefined;
  return [{ operation: { kind, size, strides, padding } }];
}

function pair(value: unknown): readonly [number, number] | undefined {
  if (typeof value === 'number') return [value, value];
  if (Array.isArray(value) && value.length === 1) return [Number(value[0]), Number(value[0])];
  return Array.isArray(value) && value.length === 2 ? [Number(value[0]), Number(value[1])] : undefined;
}

function activationOnly(config: Config): readonly Emitted[] | undefined {
  const name = String(config['activation'] ?? 'linear');
  if (name === 'linear') return [];
  const activation = ACTIVATIONS[name];
  return activation && [{ operation: { kind: 'activation' }, activation }];
}

function withActivation(operation: PlanOperation, layer: GraphLayer): readonly Emitted[] | undefined {
  const activation = activationOnly(layer.config);
  return activation && [{ operation }, ...activation];
}
