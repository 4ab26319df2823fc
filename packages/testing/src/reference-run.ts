import type { GraphLayer, LayerGraph } from '@tersor/core';

interface Image {
  readonly data: Float64Array;
  /** Height, width, channels; a vector is 1 x 1. */
  readonly shape: readonly [number, number, number];
}

/**
 * Runs a network on one image in plain loops, with no library: what contracts compare with. Knows the layers of the contracts' own fixtures:
 * Conv2D (stride 1, `same`), BatchNormalization, Activation, Add, GlobalAveragePooling2D and Dense. Throws for others, and where shapes disagree.
 */
export function referenceRun(graph: LayerGraph, pixels: Float32Array): Float64Array {
  const results: Image[] = [];
  for (const call of graph.calls) {
    const layer = graph.layers.find(({ name }) => name === call.layer);
    if (!layer) throw new Error(`there is no layer "${call.layer}"`);
    const inputs = call.inputs.map((input) => results[input]!);
    const result = layer.className === 'InputLayer' ? { data: Float64Array.from(pixels), shape: call.outputShape as [number, number, number] } : apply(layer, inputs);
    const size = call.outputShape.reduce<number>((product, length) => product * (length ?? 0), 1);
    if (result.data.length !== size) throw new Error(`"${layer.name}" gives ${result.data.length} values, its output shape says ${size}`);
    results.push(result);
  }
  return results[graph.outputs[0]!]!.data;
}

function apply(layer: GraphLayer, inputs: readonly Image[]): Image {
  const [input] = inputs as [Image];
  const weight = (name: string) => layer.weights.find((each) => each.name === name)!;
  switch (layer.className) {
    case 'Conv2D':
      requireSize(layer, weight('kernel').shape[2], input.shape[2]);
      requireSize(layer, weight('kernel').shape[3], Number(layer.config['filters']));
      return activate(layer, convolve(input, weight('kernel').data, weight('kernel').shape, weight('bias').data));
    case 'Dense':
      requireSize(layer, weight('kernel').shape[0], input.shape[2]);
      requireSize(layer, weight('kernel').shape[1], Number(layer.config['units']));
      return activate(layer, convolve(input, weight('kernel').data, [1, 1, ...weight('kernel').shape], weight('bias').data));
    case 'BatchNormalization': {
      const channels = input.shape[2];
      requireSize(layer, weight('gamma').data.length, channels);
      const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((name) => weight(name).data) as [Float32Array, Float32Array, Float32Array, Float32Array];
      const normalize = (value: number, c: number) => (gamma[c]! * (value - mean[c]!)) / Math.sqrt(variance[c]! + Number(layer.config['epsilon'])) + beta[c]!;
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
    default:
      throw new Error(`the reference does not know ${layer.className}`);
  }
}

function convolve({ data, shape: [height, width, channels] }: Image, kernel: Float32Array, [kh, kw, , outputs]: readonly number[], bias: Float32Array): Image {
  const result = new Float64Array(height * width * outputs!);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let o = 0; o < outputs!; o++) {
        let sum = bias[o]!;
        for (let ky = 0; ky < kh!; ky++) {
          for (let kx = 0; kx < kw!; kx++) {
            const [fromY, fromX] = [y + ky - ((kh! - 1) >> 1), x + kx - ((kw! - 1) >> 1)];
            if (fromY < 0 || fromY >= height || fromX < 0 || fromX >= width) continue;
            for (let c = 0; c < channels; c++) sum += data[(fromY * width + fromX) * channels + c]! * kernel[((ky * kw! + kx) * channels + c) * outputs! + o]!;
          }
        }
        result[(y * width + x) * outputs! + o] = sum;
      }
    }
  }
  return { data: result, shape: [height, width, outputs!] };
}

function activate(layer: GraphLayer, image: Image): Image {
  const activation = layer.config['activation'];
  if (activation === 'linear') return image;
  if (activation === 'relu') return { ...image, data: image.data.map((value) => Math.max(0, value)) };
  const powers = image.data.map(Math.exp);
  const sum = powers.reduce((total, value) => total + value, 0);
  return { ...image, data: powers.map((value) => value / sum) };
}

function requireSize(layer: GraphLayer, found: number | undefined, expected: number): void {
  if (found !== expected) throw new Error(`"${layer.name}" expects ${found}, gets ${expected}`);
}
