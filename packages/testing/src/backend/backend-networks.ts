import {
  elementCount,
  type GraphLayer,
  type LayerCall,
  type LayerGraph,
  type WeightTensor,
} from '@tersor/core';

/** Shape of the networks' images. */
export const IMAGE: readonly [number, number, number] = [9, 7, 3];
/** How many classes they tell apart. */
export const NETWORK_CLASSES = 3;

type Pair = readonly [number, number];

/** A convolution of a contract's network; the kind says how its channels are mixed. */
interface Convolution {
  readonly kind: 'Conv2D' | 'DepthwiseConv2D' | 'SeparableConv2D';
  /** Output channels, where the kind has them. */
  readonly filters?: number;
  readonly multiplier?: number;
  readonly kernel: number;
  readonly strides?: Pair;
  readonly dilation?: Pair;
  readonly padding: 'same' | 'valid';
  readonly activation?: 'relu' | 'relu6';
  /** With a batch norm after it instead of a bias. */
  readonly norm?: boolean;
}

/**
 * What real networks are made of, on images of 9 x 7: depthwise, separable, strided and dilated convolutions
 * with `same` and `valid` padding, each network named by its kind. Global average pooling and a dense
 * classifier with softmax follow. All weights are random, by a fixed seed.
 */
export function backendNetworks(): Readonly<Record<string, LayerGraph>> {
  return {
    depthwise: network([
      {
        kind: 'Conv2D',
        filters: 4,
        kernel: 3,
        strides: [2, 2],
        padding: 'same',
        activation: 'relu6',
        norm: true,
      },
      { kind: 'DepthwiseConv2D', kernel: 3, padding: 'same', activation: 'relu6', norm: true },
      { kind: 'Conv2D', filters: 6, kernel: 1, padding: 'same', activation: 'relu' },
      { kind: 'DepthwiseConv2D', kernel: 3, multiplier: 2, strides: [2, 2], padding: 'same' },
      { kind: 'DepthwiseConv2D', kernel: 2, padding: 'valid' },
    ]),
    separable: network([
      { kind: 'SeparableConv2D', filters: 4, kernel: 3, multiplier: 2, padding: 'same', activation: 'relu' },
      { kind: 'SeparableConv2D', filters: 5, kernel: 2, strides: [2, 2], padding: 'valid', norm: true },
    ]),
    strided: network([
      { kind: 'Conv2D', filters: 4, kernel: 1, strides: [2, 2], padding: 'same', norm: true },
      { kind: 'Conv2D', filters: 5, kernel: 2, padding: 'valid', activation: 'relu' },
      { kind: 'Conv2D', filters: 4, kernel: 2, strides: [3, 3], padding: 'same' },
    ]),
    dilated: network([
      { kind: 'Conv2D', filters: 4, kernel: 3, dilation: [2, 2], padding: 'same' },
      { kind: 'SeparableConv2D', filters: 5, kernel: 3, dilation: [2, 2], padding: 'same' },
      { kind: 'Conv2D', filters: 4, kernel: 2, dilation: [3, 2], padding: 'same' },
    ]),
  };
}

/** Seed of weights and images that leaves no ReLU at its corner, where a slope has two values. */
const SEED = 11;

function network(convolutions: readonly Convolution[]): LayerGraph {
  const draw = generator(SEED);
  const input = { name: 'image', batch_input_shape: [null, ...IMAGE], dtype: 'float32', sparse: false };
  const layers: GraphLayer[] = [{ name: 'image', className: 'InputLayer', config: input, weights: [] }];
  const calls: LayerCall[] = [{ layer: 'image', inputs: [], outputShape: IMAGE }];
  const add = (layer: GraphLayer, outputShape: readonly number[]) => {
    layers.push(layer);
    calls.push({ layer: layer.name, inputs: [calls.length - 1], outputShape });
  };
  let shape: readonly [number, number, number] = IMAGE;
  convolutions.forEach((convolution, i) => {
    const name = `conv${i}`;
    const [height, width, channels] = shape;
    const layer = convolutionLayer(name, channels, convolution, draw);
    const outputs = convolution.filters ?? channels * (convolution.multiplier ?? 1);
    shape = [outputSize(height, 0, convolution), outputSize(width, 1, convolution), outputs];
    add(layer, shape);
    if (convolution.norm) add(normLayer(`${name}_norm`, outputs, draw), shape);
    if (convolution.norm && convolution.activation)
      add(activationLayer(`${name}_relu`, convolution.activation), shape);
  });
  add(
    {
      name: 'pool',
      className: 'GlobalAveragePooling2D',
      config: { name: 'pool', data_format: 'channels_last' },
      weights: [],
    },
    [shape[2]],
  );
  const dense = { name: 'scores', units: NETWORK_CLASSES, activation: 'softmax', use_bias: true };
  const weights = [
    weight('kernel', [shape[2], NETWORK_CLASSES], draw),
    weight('bias', [NETWORK_CLASSES], draw),
  ];
  add({ name: 'scores', className: 'Dense', config: dense, weights }, [NETWORK_CLASSES]);
  return { name: 'network', layers, calls, inputs: [0], outputs: [calls.length - 1] };
}

function convolutionLayer(
  name: string,
  channels: number,
  convolution: Convolution,
  draw: () => number,
): GraphLayer {
  const {
    kind,
    kernel,
    filters,
    multiplier = 1,
    strides = [1, 1],
    dilation = [1, 1],
    padding,
    activation = 'linear',
    norm = false,
  } = convolution;
  const weights: WeightTensor[] = [];
  if (kind === 'Conv2D') weights.push(weight('kernel', [kernel, kernel, channels, filters!], draw));
  else weights.push(weight('depthwise_kernel', [kernel, kernel, channels, multiplier], draw));
  if (kind === 'SeparableConv2D')
    weights.push(weight('pointwise_kernel', [1, 1, channels * multiplier, filters!], draw));
  if (!norm) weights.push(weight('bias', [filters ?? channels * multiplier], draw));
  const config = {
    name,
    ...(filters !== undefined && { filters }),
    ...(kind !== 'Conv2D' && { depth_multiplier: multiplier }),
    kernel_size: [kernel, kernel],
    strides,
    padding,
    data_format: 'channels_last',
    dilation_rate: dilation,
    activation: norm ? 'linear' : activation,
    use_bias: !norm,
  };
  return { name, className: kind, config, weights };
}

function normLayer(name: string, channels: number, draw: () => number): GraphLayer {
  const positive = () => 1 + 0.5 * Math.abs(draw());
  return {
    name,
    className: 'BatchNormalization',
    config: { name, axis: -1, momentum: 0.9, epsilon: 1e-3, center: true, scale: true },
    weights: [
      weight('gamma', [channels], positive),
      weight('beta', [channels], draw),
      weight('moving_mean', [channels], draw),
      weight('moving_variance', [channels], positive),
    ],
  };
}

function activationLayer(name: string, activation: string): GraphLayer {
  return { name, className: 'Activation', config: { name, activation }, weights: [] };
}

function outputSize(size: number, axis: 0 | 1, { kernel, strides, dilation, padding }: Convolution): number {
  const stride = strides?.[axis] ?? 1;
  const reach = (kernel - 1) * (dilation?.[axis] ?? 1) + 1;
  return Math.ceil((padding === 'same' ? size : size - reach + 1) / stride);
}

/** A weight with drawn values. */
export function weight(name: string, shape: readonly number[], draw: () => number): WeightTensor {
  const length = elementCount(shape);
  return { name, shape, data: Float32Array.from({ length }, draw), trainable: !name.startsWith('moving_') };
}

/** Numbers in -0.8..0.8 from a linear congruential generator. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (1.6 * state) / 2 ** 32 - 0.8;
  };
}

/** Images of such a network, one after the other, and a label for each. */
export function networkImages(count: number): { readonly images: Float32Array; readonly labels: Int32Array } {
  const draw = generator(SEED);
  const size = elementCount(IMAGE);
  return {
    images: Float32Array.from({ length: count * size }, draw),
    labels: Int32Array.from({ length: count }, (_, i) => i % NETWORK_CLASSES),
  };
}
