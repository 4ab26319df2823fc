import { TersorError, type GraphLayer, type LayerGraph, type WeightTensor } from '@tersor/core';
import { axisResize, resizeWeights } from '@tersor/runtime';
import { inputShapesOf } from '../graph/walk.js';

type Shape = readonly (number | undefined)[];
type Pair = readonly [number, number];

/**
 * The same network for stock TensorFlow.js: Tersor's own layers are replaced with stock layers that compute
 * the same (padding with zeros, pooling without padding, upsampling by integers, ...). Throws
 * `MODEL_UNSUPPORTED` with the names of layers that have no stock equivalent.
 */
export function stockLayers(graph: LayerGraph): LayerGraph {
  const layers = graph.layers.map((layer) => {
    const call = graph.calls.find((each) => each.layer === layer.name);
    const [input = []] = call ? inputShapesOf(graph, call) : [];
    return LOWERED[layer.className]?.(layer, input) ?? layer;
  });
  const own = layers.filter(isOwn);
  if (own.length === 0) return { ...graph, layers };
  const names = own.map(({ name, className }) => `"${name}" (${className})`).join(', ');
  throw new TersorError(
    'MODEL_UNSUPPORTED',
    `"${graph.name}" has layers that stock TensorFlow.js does not have: ${names}.`,
    {
      hint: 'Load the packed file with @tersor/runtime instead, or export the network to ONNX.',
    },
  );
}

/** TensorFlow.js writes `gelu_new` under a name that it cannot read; the runtime reads both names. */
function isOwn({ className, config }: GraphLayer): boolean {
  return className.startsWith('Tersor') || ['gelu_new', 'geluNew'].includes(String(config['activation']));
}

/** Stock equivalents by class, given the layer and its input's shape; `undefined` if there is none. */
const LOWERED: Readonly<Record<string, (layer: GraphLayer, input: Shape) => GraphLayer | undefined>> = {
  TersorPad2D: (layer) =>
    layer.config['mode'] === 'constant' && Number(layer.config['value'] ?? 0) === 0
      ? stock(layer, 'ZeroPadding2D', { padding: layer.config['padding'] })
      : undefined,
  TersorPooling2D: (layer) => {
    const { operation, padding, pool_size, strides } = layer.config;
    if ((padding as Pair[]).flat().some((side) => side > 0)) return undefined;
    const className = operation === 'max' ? 'MaxPooling2D' : 'AveragePooling2D';
    return stock(layer, className, { pool_size, strides: strides ?? pool_size, padding: 'valid' });
  },
  TersorGroupedConv2D: (layer) => {
    const { groups, filters: _filters, ...config } = layer.config;
    if (groups === 1) return { ...layer, className: 'Conv2D', config: withoutKey(layer.config, 'groups') };
    const kernel = layer.weights.find(({ name }) => name === 'kernel')!;
    const [height, width, inputs, outputs] = kernel.shape as [number, number, number, number];
    const isDilated = [config['dilation_rate'] ?? 1].flat().some((rate) => rate !== 1);
    // TensorFlow.js ignores the dilation of a depthwise convolution.
    if (inputs > 1 || isDilated) return undefined;
    const multiplier = outputs / Number(groups);
    const shape = [height, width, Number(groups), multiplier];
    const renamed = (weight: WeightTensor) =>
      weight === kernel ? { ...weight, name: 'depthwise_kernel', shape } : weight;
    return {
      ...stock(layer, 'DepthwiseConv2D', { ...config, depth_multiplier: multiplier }),
      weights: layer.weights.map(renamed),
    };
  },
  TersorResize2D: (layer, [height, width]) => {
    const [tall, wide] = layer.config['size'] as Pair;
    if (!height || !width || !isRepeated(layer, 0, height, tall) || !isRepeated(layer, 1, width, wide))
      return undefined;
    return stock(layer, 'UpSampling2D', {
      size: [tall / height, wide / width],
      interpolation: 'nearest',
    });
  },
  TersorSlice: (layer, input) => {
    const { axis, start, end, step } = layer.config;
    const length = input[Number(axis) - 1];
    if (input.length !== 3 || Number(axis) > 2 || (step ?? 1) !== 1 || length === undefined) return undefined;
    const cut = [Number(start ?? 0), length - Number(end)];
    return stock(layer, 'Cropping2D', { cropping: axis === 1 ? [cut, [0, 0]] : [[0, 0], cut] });
  },
  // The slope of Keras 2.
  TersorHardSigmoid: (layer) =>
    layer.config['alpha'] === 0.2 && layer.config['beta'] === 0.5
      ? { ...layer, className: 'Activation', config: { name: layer.name, activation: 'hard_sigmoid' } }
      : undefined,
};

function stock(layer: GraphLayer, className: string, config: GraphLayer['config']): GraphLayer {
  const { name, trainable } = layer.config;
  const kept = { name: name ?? layer.name, ...(trainable !== undefined && { trainable }) };
  return { ...layer, className, config: { ...kept, data_format: 'channels_last', ...config } };
}

function withoutKey(config: GraphLayer['config'], key: string): GraphLayer['config'] {
  return Object.fromEntries(Object.entries(config).filter(([each]) => each !== key));
}

/** Whether resizing repeats each pixel along an axis an integer number of times. */
function isRepeated(layer: GraphLayer, axis: 0 | 1, from: number, to: number): boolean {
  const resize = axisResize(layer.config, axis);
  if (resize.interpolation !== 'nearest' || to % from !== 0) return false;
  const { scale: _scale, ...whole } = resize;
  const repeated = resizeWeights(from, to, { ...whole, coordinates: 'asymmetric', rounding: 'floor' });
  return resizeWeights(from, to, resize).every((share, i) => share === repeated[i]);
}
