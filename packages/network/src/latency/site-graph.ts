import {
  elementCount,
  type GraphLayer,
  type LayerCall,
  type LayerGraph,
  type WeightTensor,
} from '@tersor/core';
import { inputShapesOf, layersByName } from '../graph/walk.js';
import { factsOf } from '../layers/layer-table.js';
import { gatherAxis } from '../surgery/gather-axis.js';
import type { LatencySite } from './latency-sites.js';

type Shape = LayerCall['outputShape'];

/** A site at one pair of channel counts, as a separate network with one input. */
export interface SiteGraph {
  readonly graph: LayerGraph;
  /** Input and output channels of the site's layer: the possible counts nearest to those requested. */
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * The network of one site: an input of the real height and width, the layer, and those that ride on it, with
 * resized weights (values are repeated if there are too few). For a layer with several inputs, all are the
 * same input, the largest.
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
  const largest = shapes.reduce((left, right) => (knownSize(right) > knownSize(left) ? right : left));
  const isJoin =
    factsOf(site)?.concatenates === true &&
    shapes.reduce((sum, shape) => sum + channelsOf(shape), 0) === full;
  // A concatenation of k inputs gets k equal ones. For other layers, the number of input channels is that of
  // output channels times a constant (flatten, depth multiplier).
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
    // With all channels nothing needs resizing, not even weights without known roles.
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

/** Rounds a count to whole blocks, at least one. */
function inBlocks(count: number, block = 1): number {
  return block * Math.max(1, Math.round(count / block));
}

/** Number of results that `summedCopies` adds up. */
export const COPIES = 3;

/**
 * The network of a site with `computed` copies of its layers (1 to `COPIES`) on the same input. It outputs
 * the sum of `COPIES` results (with fewer copies, one result is added several times), averaged over positions
 * so that little data is transferred.
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

/** A network that passes `size` values on, for timing the transfer in and out. */
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

/** Number of values of one sample. Open sizes count as 1. */
export function knownSize(shape: Shape): number {
  return elementCount(shape.map((size) => size ?? 1));
}

/** A change of the number of channels. */
interface Change {
  readonly from: number;
  readonly to: number;
}

/** The layer with other numbers of input and output channels, according to the facts about its weights. */
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
      // An axis of another size is not by channel: a slope shared by all channels, statistics of positions.
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
