import type { GraphLayer, LayerCall, LayerGraph, WeightTensor } from '@tersor/core';
import { inputShapesOf, layersByName } from '../graph/walk.js';
import { factsOf } from '../layers/layer-table.js';
import { gatherAxis } from '../surgery/gather-axis.js';
import type { LatencySite } from './latency-sites.js';

type Shape = LayerCall['outputShape'];

/** A site at one pair of channel counts, as a network of its own with one input. */
export interface SiteGraph {
  readonly graph: LayerGraph;
  /** Channels that the site's layer reads and gives: nearest to those asked for that it can have. */
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * The network of one site: an input of the real height and width, the layer, and what rides on it, with
 * weights cut (their values repeat where that is needed). A layer of several inputs gets the one input
 * for each: the largest, so that all have the same shape.
 */
export function siteGraph(
  graph: LayerGraph,
  site: LatencySite,
  counts: { readonly inputs: number; readonly outputs: number },
): SiteGraph {
  const layers = layersByName(graph);
  const first = graph.calls[site.calls[0]!]!;
  const full = channelsOf(first.outputShape);
  const shapes = inputShapesOf(graph, first);
  const largest = shapes.reduce((left, right) => (sizeOf(right) > sizeOf(left) ? right : left));
  const isJoin =
    factsOf(site)?.concatenates === true &&
    shapes.reduce((sum, shape) => sum + channelsOf(shape), 0) === full;
  // A concatenation of k inputs gets k equal ones; all others have as many channels in as out, times a
  // constant (flatten, depth multiplier).
  const perOutput = (isJoin ? full / shapes.length : channelsOf(largest)) / full;
  const blocks = factsOf(site)?.blocks?.(layers.get(first.layer)!);
  const inputs = inBlocks(site.mixes ? counts.inputs : counts.outputs * perOutput, blocks?.inputs);
  const outputs = site.mixes ? inBlocks(counts.outputs, blocks?.outputs) : Math.round(inputs / perOutput);

  const inputLayer: GraphLayer = {
    name: 'input',
    className: 'InputLayer',
    config: {
      batch_input_shape: [null, ...withChannels(largest, inputs).map((size) => size ?? null)],
      dtype: 'float32',
      sparse: false,
      name: 'input',
    },
    weights: [],
  };
  const calls: LayerCall[] = [{ layer: 'input', inputs: [], outputShape: withChannels(largest, inputs) }];
  const cut: GraphLayer[] = [inputLayer];
  site.calls.forEach((index, position) => {
    const { layer, outputShape } = graph.calls[index]!;
    const own = Math.round((channelsOf(outputShape) * outputs) / full);
    const given = layers.get(layer)!;
    // With all channels nothing is cut: that holds for layers whose weights have other roles, too.
    const isWhole = own === channelsOf(outputShape) && (position > 0 || inputs === channelsOf(largest));
    cut.push(
      isWhole
        ? given
        : resized(
            given,
            position === 0
              ? { from: channelsOf(largest), to: inputs }
              : { from: channelsOf(outputShape), to: own },
            { from: channelsOf(outputShape), to: own },
            withChannels(outputShape, own),
          ),
    );
    calls.push({
      layer,
      inputs: position === 0 ? first.inputs.map(() => 0) : [position],
      outputShape: withChannels(outputShape, own),
    });
  });
  return {
    graph: { name: site.name, layers: cut, calls, inputs: [0], outputs: [calls.length - 1] },
    inputs,
    outputs,
  };
}

/** The nearest count of whole blocks, at least one. */
function inBlocks(count: number, block = 1): number {
  return block * Math.max(1, Math.round(count / block));
}

/** Results that `summedCopies` adds up. */
export const COPIES = 3;

/**
 * The network of a site with its layers there `computed` times, 1 to `COPIES`, each on the same input; the
 * sum of `COPIES` results (one result counts several times where fewer are computed), averaged over positions
 * so that little has to be brought out.
 */
export function summedCopies({ name, layers, calls }: LayerGraph, computed: number): LayerGraph {
  const body = calls.slice(1);
  const copies = Array.from({ length: computed }, (_, copy) =>
    body.map((call) => ({
      ...call,
      inputs: call.inputs.map((input) => (input === 0 ? 0 : input + copy * body.length)),
    })),
  ).flat();
  const result = (copy: number) => body.length * (1 + Math.min(copy, computed - 1));
  const { outputShape } = body.at(-1)!;
  const sum: LayerCall = {
    layer: 'tersor_sum_of_copies',
    inputs: Array.from({ length: COPIES }, (_, copy) => result(copy)),
    outputShape,
  };
  const mean: LayerCall = {
    layer: 'tersor_mean_of_positions',
    inputs: [copies.length + 1],
    outputShape: outputShape.slice(-1),
  };
  const tail = [
    { className: 'Add', call: sum },
    ...(outputShape.length === 3 ? [{ className: 'GlobalAveragePooling2D', call: mean }] : []),
  ];
  const added = tail.map(
    ({ className, call }): GraphLayer => ({
      name: call.layer,
      className,
      config: { name: call.layer },
      weights: [],
    }),
  );
  const whole = [calls[0]!, ...copies, ...tail.map(({ call }) => call)];
  return { name, layers: [...layers, ...added], calls: whole, inputs: [0], outputs: [whole.length - 1] };
}

/** A network that passes `size` values on: what it takes is the time in and out. */
export function emptyGraph(size: number): LayerGraph {
  const config = { batch_input_shape: [null, size], dtype: 'float32', sparse: false, name: 'input' };
  return {
    name: 'empty',
    layers: [{ name: 'input', className: 'InputLayer', config, weights: [] }],
    calls: [{ layer: 'input', inputs: [], outputShape: [size] }],
    inputs: [0],
    outputs: [0],
  };
}

/** Values of one sample. Open sizes count as 1. */
export function sizeOf(shape: Shape): number {
  return shape.reduce<number>((product, size) => product * (size ?? 1), 1);
}

/** Channels as they are, and as many as there should be. */
interface Change {
  readonly from: number;
  readonly to: number;
}

/** The layer with so many input and output channels, as the facts about its weights say. */
function resized(layer: GraphLayer, inputs: Change, outputs: Change, outputShape: Shape): GraphLayer {
  const facts = factsOf(layer);
  const weights = layer.weights.map((weight): WeightTensor => {
    let { data, shape } = weight;
    for (const { axis: at, of, weight: name, perChannel } of facts?.weights ?? []) {
      if (name !== weight.name) continue;
      const axis = at < 0 ? at + shape.length : at;
      const size = shape[axis]!;
      const { from, to } = of === 'inputs' ? inputs : outputs;
      const each = perChannel?.(layer) ?? 1;
      // Other sizes are not by channel: a slope that all channels share, statistics of positions.
      if (from === to || size !== from * each) continue;
      const wanted = to * each;
      const indexes = Array.from({ length: wanted }, (_, index) => index % size);
      data = gatherAxis(data, shape, axis, indexes);
      shape = shape.map((each, other) => (other === axis ? wanted : each));
    }
    return { ...weight, data, shape };
  });
  const site = { weights, inputs: [withChannels(outputShape, inputs.to)] };
  return { ...layer, config: facts?.resized?.(layer.config, outputShape, site) ?? layer.config, weights };
}

function channelsOf(shape: Shape): number {
  return shape.at(-1) ?? 1;
}

function withChannels(shape: Shape, channels: number): Shape {
  return [...shape.slice(0, -1), channels];
}
