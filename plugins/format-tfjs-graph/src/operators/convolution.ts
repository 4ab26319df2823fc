import { integers, number, text, texts, type GraphNode } from '../node.js';
import type { Operator, Site } from '../site.js';
import { constantOf, numbersOf, Refusal, tensorOf, type Constant, type Tensor } from '../value.js';
import { activation, prelu } from './activation.js';

/** Activations that a convolution can have as its own, by TensorFlow's names. */
const OWN: Readonly<Record<string, string>> = {
  Relu: 'relu',
  Relu6: 'relu6',
  Elu: 'elu',
  Sigmoid: 'sigmoid',
  Tanh: 'tanh',
};

/** Strides, dilation and padding of a window. */
interface Window {
  readonly x: Tensor;
  readonly strides: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly padding: 'same' | 'valid';
}

/** Length after a window has moved over an axis. */
export function windows(
  length: number | undefined,
  reach: number,
  stride: number,
  padding: 'same' | 'valid',
) {
  if (length === undefined) return undefined;
  return padding === 'same' ? Math.ceil(length / stride) : Math.floor((length - reach) / stride) + 1;
}

/** Throws `Refusal` for channels first. */
export function requireChannelsLast(node: GraphNode): void {
  const format = text(node, 'data_format') ?? 'NHWC';
  if (format !== 'NHWC') throw new Refusal(`has data_format: ${format}`);
}

/** The two values for rows and columns of a list of four. */
export function rowsAndColumns(node: GraphNode, key: string): [number, number] {
  const [batch = 1, rows = 1, columns = 1, channels = 1] = integers(node, key);
  if (batch !== 1 || channels !== 1) throw new Refusal(`has ${key} along the batch or the channels`);
  return [rows, columns];
}

function windowOf(site: Site): Window {
  const { node } = site;
  requireChannelsLast(node);
  let x = tensorOf(site.inputs[0], 3);
  const stated = text(node, 'padding');
  const explicit = integers(node, 'explicit_paddings');
  if (stated === 'EXPLICIT') {
    const [, , top = 0, bottom = 0, left = 0, right = 0] = explicit;
    x = padded(site, x, [
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

/** Rows and columns of zeros around an image. */
function padded(site: Site, x: Tensor, padding: readonly [number, number][]): Tensor {
  const shape = x.shape.map((length, axis) =>
    length === undefined ? undefined : length + (padding[axis]?.[0] ?? 0) + (padding[axis]?.[1] ?? 0),
  );
  return site.add({ className: 'ZeroPadding2D', config: { padding }, inputs: [x], shape, ending: 'pad' });
}

/** Convolutions, plain, in groups and depthwise, with what is fused to them. */
export const convolution: Operator = (site) => {
  const { node, inputs } = site;
  const kernel = constantOf(inputs[1], 'a kernel');
  const [rows = 0, columns = 0, read = 0, made = 0] = kernel.shape;
  if (kernel.shape.length !== 4) throw new Refusal(`has a kernel of ${kernel.shape.length} axes`);
  const { x, strides, dilation, padding } = windowOf(site);
  const channels = x.shape[2];
  if (channels === undefined) throw new Refusal('reads an open number of channels');
  const isDepthwise = node.op.includes('Depthwise');
  if (isDepthwise ? read !== channels : channels % read !== 0)
    throw new Refusal(`has a kernel of ${read} channels, but reads ${channels}`);
  const groups = isDepthwise ? 1 : channels / read;
  const outputs = isDepthwise ? read * made : made;
  const shape = [
    windows(x.shape[0], (rows - 1) * dilation[0] + 1, strides[0], padding),
    windows(x.shape[1], (columns - 1) * dilation[1] + 1, strides[1], padding),
    outputs,
  ];
  return fused(site, x, {
    className: isDepthwise ? 'DepthwiseConv2D' : groups > 1 ? 'TersorGroupedConv2D' : 'Conv2D',
    config: {
      kernel_size: [rows, columns],
      strides,
      padding,
      dilation_rate: dilation,
      ...(isDepthwise ? { depth_multiplier: made } : { filters: made }),
      ...(groups > 1 && { groups }),
    },
    shape,
    kernel,
  });
};

/** A product with a matrix, with what is fused to it. */
export const product: Operator = (site) => {
  const { node, inputs } = site;
  const x = tensorOf(inputs[0], 1);
  const matrix = constantOf(inputs[1], 'a matrix');
  if (node.attributes['transpose_a'] && (node.attributes['transpose_a'] as { b?: unknown }).b === true)
    throw new Refusal('has transpose_a: true');
  const isTurned = (node.attributes['transpose_b'] as { b?: unknown } | undefined)?.b === true;
  const [rows = 0, columns = 0] = isTurned ? [...matrix.shape].reverse() : matrix.shape;
  const data = Float32Array.from({ length: rows * columns }, (_, i) =>
    isTurned ? matrix.data[(i % columns) * rows + Math.floor(i / columns)]! : matrix.data[i]!,
  );
  if (x.shape[0] !== rows)
    throw new Refusal(`has a matrix of ${rows} rows, but reads ${String(x.shape[0])} values`);
  return fused(site, x, {
    className: 'Dense',
    config: { units: columns },
    shape: [columns],
    kernel: { kind: 'constant', shape: [rows, columns], data },
  });
};

interface Linear {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly shape: Tensor['shape'];
  readonly kernel: Constant;
}

/** A linear layer with the bias and the activation that are fused to it. */
function fused(site: Site, x: Tensor, { className, config, shape, kernel }: Linear): Tensor {
  const { node, inputs } = site;
  const names = texts(node, 'fused_ops');
  const [first, ...others] = names;
  const hasBias = first === 'BiasAdd';
  const rest = hasBias ? others : names;
  const [name, ...more] = rest;
  if (more.length > 0 || (name !== undefined && !(name in OWN) && name !== 'LeakyRelu' && name !== 'Prelu'))
    throw new Refusal(`has ${names.join(', ')} fused to it`);
  const bias = hasBias ? [constantOf(inputs[2], 'a bias')] : [];
  const own = name === undefined ? 'linear' : OWN[name];
  const result = site.add({
    className,
    config: { ...config, use_bias: hasBias, activation: own ?? 'linear' },
    inputs: [x],
    shape,
    weights: [kernel, ...bias].map((each) => ({ shape: each.shape, data: Float32Array.from(each.data) })),
    ...(own === undefined && { ending: 'linear' }),
  });
  if (name === 'LeakyRelu')
    return activation(site, result, 'LeakyReLU', { alpha: number(node, 'leakyrelu_alpha', 0.2) });
  return name === 'Prelu' ? prelu(site, result, inputs[2 + bias.length]) : result;
}

/** A transposed convolution, whose output has the size that the node states. */
export const transposedConvolution: Operator = (site) => {
  const { node, inputs } = site;
  requireChannelsLast(node);
  const [, height, width] = numbersOf(inputs[0], 'a shape');
  const kernel = constantOf(inputs[1], 'a kernel');
  const x = tensorOf(inputs[2], 3);
  const [rows = 0, columns = 0, filters = 0] = kernel.shape;
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
    weights: [{ shape: kernel.shape, data: Float32Array.from(kernel.data) }],
  });
};
