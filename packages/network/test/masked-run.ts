import * as tf from '@tensorflow/tfjs-core';
import type { GraphLayer, LayerGraph } from '@tersor/core';
import { modelFromGraph } from '../src/graph/model-graph.js';
import type { Removal } from '../src/surgery/remove-channels.js';

const CONSUMERS = new Set([
  'Conv1D',
  'Conv2D',
  'Conv2DTranspose',
  'Dense',
  'SeparableConv2D',
  'TersorGroupedConv2D',
]);
const MERGES = new Set([
  'Add',
  'Subtract',
  'Multiply',
  'Maximum',
  'Minimum',
  'Average',
  'TersorSubtract',
  'TersorDivide',
]);
const UNTOUCHED = new Set([
  'Activation',
  'BatchNormalization',
  'Dropout',
  'ELU',
  'LayerNormalization',
  'LeakyReLU',
  'PReLU',
  'ReLU',
  'Softmax',
  'TersorHardSigmoid',
  'TersorPad2D',
  'TersorPooling2D',
  'TersorPower',
  'TersorResize2D',
  'ThresholdedReLU',
  'ZeroPadding2D',
]);

interface Masked {
  readonly value: tf.Tensor;
  /** 1 where a channel stays, 0 where it is removed; as wide as the value's last axis. */
  readonly mask: tf.Tensor;
}

/**
 * Runs a graph as it is, call by call; returns the values of all outputs. (`LayersModel.predict` of tfjs 4.22
 * frees a tensor too early when one layer reads it twice, as in `concatenate([x, x])`.)
 */
export async function run(graph: LayerGraph, inputs: readonly tf.Tensor[]): Promise<Float32Array[]> {
  const model = await modelFromGraph(graph);
  const values = tf.tidy(() => {
    const results: tf.Tensor[] = [];
    graph.calls.forEach((call, index) => {
      const sources = call.inputs.map((source) => results[source]!);
      const input = graph.inputs.indexOf(index);
      results.push(
        input >= 0
          ? inputs[input]!
          : (model.getLayer(call.layer).apply(sources.length === 1 ? sources[0]! : sources) as tf.Tensor),
      );
      // The shapes that the graph states are those that tfjs computes.
      if (results[index]!.shape.slice(1).join() !== call.outputShape.join()) {
        throw new Error(
          `${call.layer} gives [${results[index]!.shape.slice(1).join()}], the graph says [${call.outputShape.join()}]`,
        );
      }
    });
    return graph.outputs.map((output) => results[output]!.dataSync() as Float32Array);
  });
  model.dispose();
  return values;
}

/**
 * The definition that surgery is held to: the original network, in which every convolution and dense layer
 * reads zero in place of removed channels. Which channels those are is found out independently of the
 * analysis: only what the producers lose is taken from the removals, and carried on by running the stock
 * layers on masks (a flatten flattens the mask). Throws where two channels that meet in one element disagree,
 * or where an output would lose a channel.
 */
export async function runMasked(
  graph: LayerGraph,
  removals: readonly Removal[],
  inputs: readonly tf.Tensor[],
): Promise<Float32Array[]> {
  const model = await modelFromGraph(graph);
  const layers = new Map(graph.layers.map((layer) => [layer.name, layer]));
  const results: Masked[] = [];
  const values = tf.tidy(() => {
    graph.calls.forEach((call, index) => {
      const input = graph.inputs.indexOf(index);
      if (input >= 0)
        return void results.push({ value: inputs[input]!, mask: tf.ones([inputs[input]!.shape.at(-1)!]) });
      const layer = layers.get(call.layer)!;
      const sources = call.inputs.map((source) => results[source]!);
      const apply = (tensors: tf.Tensor[]) =>
        model.getLayer(layer.name).apply(tensors.length === 1 ? tensors[0]! : tensors) as tf.Tensor;
      const consumes = CONSUMERS.has(layer.className);
      const value = apply(
        sources.map((source) => (consumes ? tf.mul(source.value, source.mask) : source.value)),
      );
      results.push({
        value,
        mask: consumes
          ? producedMask(layer, removals, value)
          : carriedMask(layer, sources, value.shape.at(-1)!, apply),
      });
    });
    return graph.outputs.map((output) => {
      if (results[output]!.mask.dataSync().includes(0))
        throw new Error(`an output loses channels (${graph.calls[output]!.layer})`);
      return results[output]!.value.dataSync() as Float32Array;
    });
  });
  model.dispose();
  return values;
}

function producedMask(layer: GraphLayer, removals: readonly Removal[], value: tf.Tensor): tf.Tensor {
  const mask = new Array<number>(value.shape.at(-1)!).fill(1);
  for (const { group, keep } of removals) {
    for (const member of group.members) {
      if (member.layer !== layer.name || member.role !== 'produces') continue;
      member.indexes.forEach(
        (owned, channel) => !keep.includes(channel) && owned.forEach((index) => (mask[index] = 0)),
      );
    }
  }
  return tf.tensor1d(mask);
}

function carriedMask(
  layer: GraphLayer,
  sources: readonly Masked[],
  width: number,
  apply: (tensors: tf.Tensor[]) => tf.Tensor,
): tf.Tensor {
  const [first] = sources;
  if (UNTOUCHED.has(layer.className)) return first!.mask;
  if (layer.className === 'TersorFrozenPart') {
    if (sources.some(({ mask }) => mask.dataSync().includes(0)))
      throw new Error(`${layer.name} reads channels that go`);
    return tf.ones([width]);
  }
  if (layer.className === 'DepthwiseConv2D') {
    const multiplier = layer.weights.find(({ name }) => name === 'depthwise_kernel')!.shape[3]!;
    return tf.reshape(tf.tile(tf.expandDims(first!.mask, 1), [1, multiplier]), [-1]);
  }
  if (MERGES.has(layer.className)) {
    const most = Math.max(...sources.map(({ mask }) => mask.size));
    // A single channel that is spread over all may be anything but removed.
    const masks = sources
      .map(({ mask }) => mask.dataSync().join())
      .filter((mask) => most === 1 || mask !== '1');
    if (new Set(masks).size > 1)
      throw new Error(`${layer.name} combines channels that disagree: ${masks.join(' | ')}`);
    return sources.find(({ mask }) => mask.size === most)!.mask;
  }
  const mask = apply(sources.map((source) => tf.broadcastTo(source.mask, source.value.shape)));
  const rows = tf.round(tf.reshape(mask, [-1, mask.shape.at(-1)!]));
  const constant = tf.equal(tf.min(rows, 0), tf.max(rows, 0));
  if (!tf.all(constant).dataSync()[0])
    throw new Error(`${layer.name} puts channels that stay and that go into one channel`);
  return tf.max(rows, 0);
}

/** Largest difference, relative to the size of the values where that is above 1. */
export function largestDifference(left: readonly Float32Array[], right: readonly Float32Array[]): number {
  let worst = left.length === right.length ? 0 : Infinity;
  left.forEach((values, output) => {
    if (values.length !== right[output]!.length) worst = Infinity;
    const scale = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
    values.forEach((value, i) => {
      const difference = Math.abs(value - right[output]![i]!) / scale;
      if (!(difference <= worst)) worst = difference;
    });
  });
  return worst;
}
