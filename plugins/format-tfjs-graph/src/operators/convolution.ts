import { activationWord, Refusal, turnedArray, windowCount, type Pair } from '@tersor/network';
import { spreadOf } from './dilations.js';
import { flag, integers, number, text, texts, type GraphNode } from '../node.js';
import { apply, tensorAt, type Operator, type Site } from '../site.js';
import { constantOf, numbersOf, type Constant, type Tensor } from '../value.js';
import { prelu } from './activation.js';
import { zeroPadded } from './padding.js';

/** Strides, dilation and padding of a convolution. */
interface Window {
  readonly x: Tensor;
  readonly strides: Pair;
  readonly dilation: Pair;
  readonly padding: 'same' | 'valid';
}

/** Rows and columns of the output of a window that moves over an image. */
export function positions(x: Tensor, reach: Pair, strides: Pair, padding: 'same' | 'valid') {
  const sides = padding === 'same' ? padding : ([0, 0] as const);
  return [0, 1].map((axis) => windowCount(x.shape[axis], reach[axis]!, strides[axis]!, sides));
}

/** Throws `Refusal` if channels come first. */
export function requireChannelsLast(node: GraphNode): void {
  const format = text(node, 'data_format') ?? 'NHWC';
  if (format !== 'NHWC') throw new Refusal(`has data_format: ${format}`);
}

/** The values for rows and columns in a list of four. */
export function rowsAndColumns(node: GraphNode, key: string): Pair {
  const [batch = 1, rows = 1, columns = 1, channels = 1] = integers(node, key);
  if (batch !== 1 || channels !== 1) throw new Refusal(`has ${key} along the batch or the channels`);
  return [rows, columns];
}

function windowOf(site: Site, kernel: Pair): Window {
  const { node, inputs } = site;
  requireChannelsLast(node);
  let x = tensorAt(site, 0, 3);
  const spread = spreadOf(node, inputs);
  if (spread) {
    const { dilation, sides } = spread;
    const isSame = sides.every(([before, after], axis) => {
      const more = dilation[axis]! * (kernel[axis]! - 1);
      return before === Math.floor(more / 2) && before + after === more;
    });
    const isWhole = sides.flat().every((each) => each === 0);
    if (!isSame && !isWhole) x = zeroPadded(site, x, sides);
    return { x, strides: [1, 1], dilation, padding: isSame ? 'same' : 'valid' };
  }
  const stated = text(node, 'padding');
  const explicit = integers(node, 'explicit_paddings');
  if (stated === 'EXPLICIT') {
    const [, , top = 0, bottom = 0, left = 0, right = 0] = explicit;
    x = zeroPadded(site, x, [
      [top, bottom],
      [left, right],
    ]);
  } else if (stated !== 'SAME' && stated !== 'VALID') throw new Refusal(`has padding: ${String(stated)}`);
  return {
    x,
    strides: rowsAndColumns(node, 'strides'),
    dilation: rowsAndColumns(node, 'dilations'),
    padding: stated === 'SAME' ? 'same' : 'valid',
  };
}

/** Plain, grouped and depthwise convolutions, with the operators fused to them. */
export const convolution: Operator = (site) => {
  const { node, inputs } = site;
  const kernel = constantOf(inputs[1], 'a kernel');
  const [rows = 0, columns = 0, read = 0, made = 0] = kernel.dims;
  if (kernel.dims.length !== 4) throw new Refusal(`has a kernel of ${kernel.dims.length} axes`);
  const { x, strides, dilation, padding } = windowOf(site, [rows, columns]);
  const channels = x.shape[2];
  if (channels === undefined) throw new Refusal('reads an open number of channels');
  const byChannel = node.op.includes('Depthwise');
  // TensorFlow.js computes a depthwise convolution without its dilation.
  const isDepthwise = byChannel && dilation.every((rate) => rate === 1);
  if (byChannel ? read !== channels : channels % read !== 0)
    throw new Refusal(`has a kernel of ${read} channels, but reads ${channels}`);
  const groups = isDepthwise ? 1 : byChannel ? channels : channels / read;
  const outputs = byChannel ? read * made : made;
  const reach: Pair = [(rows - 1) * dilation[0] + 1, (columns - 1) * dilation[1] + 1];
  const shape = [...positions(x, reach, strides, padding), outputs];
  return fused(site, x, {
    className: isDepthwise ? 'DepthwiseConv2D' : groups > 1 ? 'TersorGroupedConv2D' : 'Conv2D',
    config: {
      kernel_size: [rows, columns],
      strides,
      padding,
      dilation_rate: dilation,
      ...(isDepthwise ? { depth_multiplier: made } : { filters: outputs }),
      ...(groups > 1 && { groups }),
    },
    shape,
    kernel: byChannel && !isDepthwise ? { ...kernel, dims: [rows, columns, 1, outputs] } : kernel,
  });
};

/** A product with a matrix, with the operators fused to it. */
export const product: Operator = (site) => {
  const { node, inputs } = site;
  // A product of batches is a product along the last axis, whatever the axes before it.
  const isBatched = node.op.startsWith('BatchMatMul');
  const x = isBatched ? tensorAt(site, 0) : tensorAt(site, 0, 1);
  const matrix = constantOf(inputs[1], 'a matrix');
  if (flag(node, 'transpose_a') || flag(node, 'adj_x')) throw new Refusal('has transpose_a: true');
  if (matrix.dims.length !== 2) throw new Refusal(`multiplies with a constant of ${matrix.dims.length} axes`);
  const kernel = flag(node, 'transpose_b') || flag(node, 'adj_y') ? turnedArray(matrix, [1, 0]) : matrix;
  const [rows = 0, columns = 0] = kernel.dims;
  if (x.shape.at(-1) !== rows)
    throw new Refusal(`has a matrix of ${rows} rows, but reads ${String(x.shape.at(-1))} values`);
  return fused(site, x, {
    className: 'Dense',
    config: { units: columns },
    shape: [...x.shape.slice(0, -1), columns],
    kernel,
  });
};

interface Linear {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly shape: Tensor['shape'];
  readonly kernel: Constant;
}

/** A linear layer with the bias and the activation fused to it. */
function fused(site: Site, x: Tensor, { className, config, shape, kernel }: Linear): Tensor {
  const { node, inputs } = site;
  const names = texts(node, 'fused_ops');
  const [first, ...others] = names;
  const hasBias = first === 'BiasAdd';
  const rest = hasBias ? others : names;
  const [name, ...more] = rest;
  const own = name === undefined ? 'linear' : activationWord(name);
  if (more.length > 0 || (own === undefined && name !== 'LeakyRelu' && name !== 'Prelu'))
    throw new Refusal(`has ${names.join(', ')} fused to it`);
  const bias = hasBias ? [constantOf(inputs[2], 'a bias')] : [];
  const result = site.add({
    className,
    config: { ...config, use_bias: hasBias, activation: own ?? 'linear' },
    inputs: [x],
    shape,
    weights: [kernel, ...bias].map((each) => ({ shape: each.dims, data: Float32Array.from(each.data) })),
    ...(own === undefined && { ending: 'linear' }),
  });
  if (name === 'LeakyRelu')
    return apply(site, result, {
      className: 'LeakyReLU',
      config: { alpha: number(node, 'leakyrelu_alpha', 0.2) },
    });
  return name === 'Prelu' ? prelu(site, result, inputs[2 + bias.length]) : result;
}

/** A transposed convolution; its output has the size that the node states. */
export const transposedConvolution: Operator = (site) => {
  const { node, inputs } = site;
  requireChannelsLast(node);
  const [, height, width] = numbersOf(inputs[0], 'a shape');
  const kernel = constantOf(inputs[1], 'a kernel');
  const x = tensorAt(site, 2, 3);
  const [rows = 0, columns = 0, filters = 0] = kernel.dims;
  const strides = rowsAndColumns(node, 'strides');
  const padding = text(node, 'padding') === 'SAME' ? 'same' : 'valid';
  const reach = [rows, columns];
  const shape = x.shape.map((length, axis) => {
    if (axis === 2) return filters;
    const own = length === undefined ? undefined : length * strides[axis]!;
    return own === undefined || padding === 'same' ? own : own + Math.max(reach[axis]! - strides[axis]!, 0);
  });
  for (const [axis, stated] of [height, width].entries())
    if (stated !== undefined && !Number.isNaN(stated) && stated !== shape[axis])
      throw new Refusal(`gives ${stated} rows or columns, where ${String(shape[axis])} are usual`);
  return site.add({
    className: 'Conv2DTranspose',
    config: { filters, kernel_size: reach, strides, padding, use_bias: false, activation: 'linear' },
    inputs: [x],
    shape,
    weights: [{ shape: kernel.dims, data: Float32Array.from(kernel.data) }],
  });
};
