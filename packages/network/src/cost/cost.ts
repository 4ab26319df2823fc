import { elementCount, type GraphLayer, type LayerGraph, type WeightTensor } from '@tersor/core';
import { isKernel } from '../graph/graph-weights.js';
import { layerPositions } from './layer-positions.js';
import type { ChannelCost } from './channel-cost.js';

/** Cost of a layer for one sample, over all of its calls. */
export interface LayerCost {
  readonly name: string;
  readonly className: string;
  /** Number of learned values; the moving statistics of batch norms are not counted. */
  readonly parameters: number;
  /** Number of values in kernels, which quantization compresses. */
  readonly kernelValues: number;
  /** Number of all other values: biases, batch norms with their moving statistics. */
  readonly otherValues: number;
  /**
   * Multiply-adds of convolutions and dense layers as a stock runtime executes them; biases, batch norms and
   * activations are not counted.
   */
  readonly macs: number;
  /** The same without the 2-D kernel slices (input channel, output channel) that are all zero. */
  readonly macsWithoutZeroSlices: number;
  /** `parameters` without the values of such slices. */
  readonly parametersWithoutZeroSlices: number;
}

/** Cost of a network for one sample. */
export interface Cost {
  readonly layers: readonly LayerCost[];
  readonly parameters: number;
  readonly macs: number;
  readonly macsWithoutZeroSlices: number;
  readonly parametersWithoutZeroSlices: number;
}

/**
 * Counts parameters and multiply-adds, by layer and in total. Throws `MODEL_UNSUPPORTED` if a layer has an
 * open size.
 */
export function cost(graph: LayerGraph): Cost {
  const positions = layerPositions(graph);
  const layers = graph.layers.map((layer) => layerCost(layer, positions.get(layer.name) ?? 0));
  const total = (key: keyof ChannelCost) => layers.reduce((sum, layer) => sum + layer[key], 0);
  return {
    layers,
    parameters: total('parameters'),
    macs: total('macs'),
    macsWithoutZeroSlices: total('macsWithoutZeroSlices'),
    parametersWithoutZeroSlices: total('parametersWithoutZeroSlices'),
  };
}

function layerCost(layer: GraphLayer, positions: number): LayerCost {
  const kernels = layer.weights.filter(isKernel);
  const count = (weights: readonly WeightTensor[]) => weights.reduce((sum, { data }) => sum + data.length, 0);
  const used = kernels.map(valuesOfNonZeroSlices);
  const parameters = count(layer.weights.filter(({ trainable }) => trainable));
  return {
    name: layer.name,
    className: layer.className,
    parameters,
    kernelValues: count(kernels),
    otherValues: count(layer.weights.filter((weight) => !isKernel(weight))),
    macs: positions * count(kernels),
    macsWithoutZeroSlices: positions * used.reduce((sum, values) => sum + values, 0),
    parametersWithoutZeroSlices: kernels.reduce(
      (rest, { data, trainable }, i) => rest - (trainable ? data.length - used[i]! : 0),
      parameters,
    ),
  };
}

/**
 * Number of values in slices that are not all zero. The last two axes index the slice, the axes before them
 * lie within it; in a dense layer each weight is a slice.
 */
function valuesOfNonZeroSlices({ data, shape }: WeightTensor): number {
  const slices = elementCount(shape.slice(-2));
  if (slices === 0) return 0;
  const size = data.length / slices;
  let used = 0;
  for (let slice = 0; slice < slices; slice++) {
    for (let i = slice; i < data.length; i += slices) {
      if (data[i] === 0) continue;
      used++;
      break;
    }
  }
  return used * size;
}
