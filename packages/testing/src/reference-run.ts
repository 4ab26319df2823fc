import type { GraphLayer, LayerGraph, WeightTensor } from '@tersor/core';
import { applyOwnLayer, type Image } from './reference-own-layers.js';

/**
 * Runs a network on one image in plain loops, with no library: what contracts compare with. Knows the layers
 * of the contracts' own fixtures: Conv2D, DepthwiseConv2D and SeparableConv2D with strides, dilation and
 * padding, BatchNormalization, Activation, Add, GlobalAveragePooling2D and Dense, and Tersor's own. Throws
 * for others, and where shapes disagree.
 */
export function referenceRun(graph: LayerGraph, pixels: Float32Array): Float64Array {
  return referenceResults(graph, [pixels])[graph.outputs[0]!]!;
}

/** The outputs of `referenceRun` for several images, one after the other. */
export function referenceOutputs(graph: LayerGraph, images: Float32Array): number[] {
  const size = graph.calls[graph.inputs[0]!]!.outputShape.reduce<number>(
    (product, length) => product * length!,
    1,
  );
  return Array.from({ length: images.length / size }, (_, i) => [
    ...referenceRun(graph, images.subarray(i * size, (i + 1) * size)),
  ]).flat();
}

/** The results of all calls, as `referenceRun` computes them, of a network that may have several inputs. */
export function referenceResults(graph: LayerGraph, inputs: readonly Float32Array[]): Float64Array[] {
  const results: Image[] = [];
  for (const [index, call] of graph.calls.entries()) {
    const layer = graph.layers.find(({ name }) => name === call.layer);
    if (!layer) throw new Error(`there is no layer "${call.layer}"`);
    const result =
      layer.className === 'InputLayer'
        ? inputImage(inputs[graph.inputs.indexOf(index)]!, call.outputShape as readonly number[])
        : apply(
            layer,
            call.inputs.map((input) => results[input]!),
          );
    const size = call.outputShape.reduce<number>((product, length) => product * (length ?? 0), 1);
    if (result.data.length !== size)
      throw new Error(`"${layer.name}" gives ${result.data.length} values, its output shape says ${size}`);
    results.push(result);
  }
  return results.map(({ data }) => data);
}

function inputImage(values: Float32Array, shape: readonly number[]): Image {
  return { data: Float64Array.from(values), shape: [shape.at(-3) ?? 1, shape.at(-2) ?? 1, shape.at(-1)!] };
}

function apply(layer: GraphLayer, inputs: readonly Image[]): Image {
  const [input] = inputs as [Image];
  const weight = (name: string) => layer.weights.find((each) => each.name === name)!;
  const bias = layer.weights.find(({ name }) => name === 'bias')?.data;
  switch (layer.className) {
    case 'Conv2D':
      requireSize(layer, weight('kernel').shape[2], input.shape[2]);
      requireSize(layer, weight('kernel').shape[3], Number(layer.config['filters']));
      return activate(layer, convolve(input, weight('kernel'), windowOf(layer), bias));
    case 'TersorGroupedConv2D': {
      const groups = Number(layer.config['groups']);
      requireSize(layer, weight('kernel').shape[2]! * groups, input.shape[2]);
      requireSize(layer, weight('kernel').shape[3], Number(layer.config['filters']));
      return activate(layer, convolve(input, spreadGroups(weight('kernel'), groups), windowOf(layer), bias));
    }
    case 'DepthwiseConv2D':
      requireSize(layer, weight('depthwise_kernel').shape[2], input.shape[2]);
      return activate(
        layer,
        convolve(input, spreadDepthwise(weight('depthwise_kernel')), windowOf(layer), bias),
      );
    case 'SeparableConv2D': {
      requireSize(layer, weight('depthwise_kernel').shape[2], input.shape[2]);
      requireSize(layer, weight('pointwise_kernel').shape[3], Number(layer.config['filters']));
      const each = convolve(input, spreadDepthwise(weight('depthwise_kernel')), windowOf(layer));
      return activate(layer, convolve(each, weight('pointwise_kernel'), POINT, bias));
    }
    case 'Dense': {
      const { data, shape } = weight('kernel');
      requireSize(layer, shape[0], input.shape[2]);
      requireSize(layer, shape[1], Number(layer.config['units']));
      return activate(layer, convolve(input, { data, shape: [1, 1, ...shape] }, POINT, bias));
    }
    case 'BatchNormalization': {
      const channels = input.shape[2];
      requireSize(layer, weight('gamma').data.length, channels);
      const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map(
        (name) => weight(name).data,
      ) as [Float32Array, Float32Array, Float32Array, Float32Array];
      const normalize = (value: number, c: number) =>
        (gamma[c]! * (value - mean[c]!)) / Math.sqrt(variance[c]! + Number(layer.config['epsilon'])) +
        beta[c]!;
      return { ...input, data: input.data.map((value, i) => normalize(value, i % channels)) };
    }
    case 'Activation':
      return activate(layer, input);
    case 'Add':
      inputs.forEach((other) => requireSize(layer, other.data.length, input.data.length));
      return { ...input, data: input.data.map((value, i) => value + inputs[1]!.data[i]!) };
    case 'GlobalAveragePooling2D': {
      const [height, width, channels] = input.shape;
      const data = new Float64Array(channels);
      input.data.forEach((value, i) => (data[i % channels] = data[i % channels]! + value / (height * width)));
      return { data, shape: [1, 1, channels] };
    }
    case 'AveragePooling2D':
      return average(input, layer.config);
    case 'TersorActivationQuantizer':
      return { ...input, data: rounded(input.data, layer.config) };
    default: {
      const result = applyOwnLayer(layer, inputs);
      if (!result) throw new Error(`the reference does not know ${layer.className}`);
      return result;
    }
  }
}

/** Values rounded to the levels of a range, as `quantize.activations` rounds what layers read. */
function rounded(values: Float64Array, config: GraphLayer['config']): Float64Array {
  const { bits, least, most } = config as Record<'bits' | 'least' | 'most', number>;
  const top = 2 ** bits - 1;
  const scale = (most - least) / top;
  if (!(scale > 0)) return new Float64Array(values.length);
  const zero = Math.round(-least / scale);
  const level = (value: number) => Math.max(-zero, Math.min(top - zero, Math.floor(value / scale + 0.5)));
  return values.map((value) => level(value) * scale);
}

/** Means over windows that do not reach into a padding. */
function average({ data, shape: [height, width, channels] }: Image, config: GraphLayer['config']): Image {
  const [tall, wide] = config['pool_size'] as [number, number];
  const [down, right] = config['strides'] as [number, number];
  if (config['padding'] !== 'valid') throw new Error('the reference averages without padding only');
  const rows = positions(height, tall, down, 1, 'valid').count;
  const columns = positions(width, wide, right, 1, 'valid').count;
  const result = new Float64Array(rows * columns * channels);
  for (let to = 0; to < result.length; to++) {
    const [y, x] = [Math.floor(to / channels / columns), Math.floor(to / channels) % columns];
    for (let ky = 0; ky < tall; ky++)
      for (let kx = 0; kx < wide; kx++) {
        const from = ((y * down + ky) * width + x * right + kx) * channels + (to % channels);
        result[to] = result[to]! + data[from]! / (tall * wide);
      }
  }
  return { data: result, shape: [rows, columns, channels] };
}

interface Window {
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: unknown;
}

const POINT: Window = { strides: [1, 1], dilation: [1, 1], padding: 'valid' };

function windowOf({ config }: GraphLayer): Window {
  return {
    strides: config['strides'] as number[],
    dilation: config['dilation_rate'] as number[],
    padding: config['padding'],
  };
}

/**
 * A depthwise kernel [h, w, channels, multiplier] as one of a convolution: [h, w, channels, channels *
 * multiplier], mostly zeros.
 */
function spreadDepthwise({ data, shape }: Pick<WeightTensor, 'data' | 'shape'>): Kernel {
  const [height, width, channels, multiplier] = shape as [number, number, number, number];
  const outputs = channels * multiplier;
  const spread = new Float32Array(data.length * outputs);
  data.forEach((value, i) => (spread[Math.floor(i / multiplier) * outputs + (i % outputs)] = value));
  return { data: spread, shape: [height, width, channels, outputs] };
}

/** A kernel in groups [h, w, inputs / groups, outputs] as one of all inputs, mostly zeros. */
function spreadGroups({ data, shape }: Pick<WeightTensor, 'data' | 'shape'>, groups: number): Kernel {
  const [height, width, inputs, outputs] = shape as [number, number, number, number];
  const spread = new Float32Array(data.length * groups);
  data.forEach((value, i) => {
    const [output, row] = [i % outputs, Math.floor(i / outputs)];
    const group = Math.floor(output / (outputs / groups));
    const input = group * inputs + (row % inputs);
    spread[(Math.floor(row / inputs) * inputs * groups + input) * outputs + output] = value;
  });
  return { data: spread, shape: [height, width, inputs * groups, outputs] };
}

interface Kernel {
  readonly data: Float32Array;
  /** Height, width, inputs, outputs. */
  readonly shape: readonly number[];
}

/**
 * Where the output positions begin along one axis: how many there are, and the zeros in front (half of all,
 * rounded down).
 */
function positions(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  padding: unknown,
): { readonly count: number; readonly before: number } {
  const reach = (kernel - 1) * dilation + 1;
  if (padding !== 'same') return { count: Math.ceil((size - reach + 1) / stride), before: 0 };
  const count = Math.ceil(size / stride);
  return { count, before: Math.max(0, (count - 1) * stride + reach - size) >> 1 };
}

function convolve(
  { data, shape: [height, width, channels] }: Image,
  kernel: Kernel,
  window: Window,
  bias?: Float32Array,
): Image {
  const [kh, kw, , outputs] = kernel.shape as [number, number, number, number];
  const [down, right] = window.strides as [number, number];
  const [tall, wide] = window.dilation as [number, number];
  const rows = positions(height, kh, down, tall, window.padding);
  const columns = positions(width, kw, right, wide, window.padding);
  const values = kernel.data;
  const result = new Float64Array(rows.count * columns.count * outputs);
  for (let y = 0; y < rows.count; y++) {
    for (let x = 0; x < columns.count; x++) {
      const to = (y * columns.count + x) * outputs;
      if (bias) for (let o = 0; o < outputs; o++) result[to + o] = bias[o]!;
      for (let ky = 0; ky < kh; ky++) {
        const fromY = y * down + ky * tall - rows.before;
        if (fromY < 0 || fromY >= height) continue;
        for (let kx = 0; kx < kw; kx++) {
          const fromX = x * right + kx * wide - columns.before;
          if (fromX < 0 || fromX >= width) continue;
          const from = (fromY * width + fromX) * channels;
          let at = (ky * kw + kx) * channels * outputs;
          for (let c = 0; c < channels; c++) {
            const value = data[from + c]!;
            for (let o = 0; o < outputs; o++) result[to + o]! += value * values[at++]!;
          }
        }
      }
    }
  }
  return { data: result, shape: [rows.count, columns.count, outputs] };
}

function activate(layer: GraphLayer, image: Image): Image {
  const activation = layer.config['activation'];
  if (activation === 'linear') return image;
  if (activation === 'relu' || activation === 'relu6') {
    const most = activation === 'relu6' ? 6 : Infinity;
    return { ...image, data: image.data.map((value) => Math.min(most, Math.max(0, value))) };
  }
  const powers = image.data.map(Math.exp);
  const sum = powers.reduce((total, value) => total + value, 0);
  return { ...image, data: powers.map((value) => value / sum) };
}

function requireSize(layer: GraphLayer, found: number | undefined, expected: number): void {
  if (found !== expected) throw new Error(`"${layer.name}" expects ${found}, gets ${expected}`);
}
