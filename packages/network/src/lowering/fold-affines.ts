import type { GraphLayer, LayerGraph } from '@tersor/core';
import { callsOf, layersByName, soleReader } from '../graph/walk.js';
import { factsOf } from '../layers/layer-table.js';
import { removeLayers } from '../surgery/remove-layers.js';
import { affineOf, channelAffine, rescalingLayer, type Affine } from './affine.js';

/**
 * Merges scalings into the layer before them: an offset after a convolution or dense layer becomes its bias,
 * and two scalings become one. The layer before keeps its name; it must be called once, and the scaling must
 * be its only reader.
 */
export function foldAffines(graph: LayerGraph): LayerGraph {
  const layers = layersByName(graph);
  const gone: string[] = [];
  graph.calls.forEach(({ layer: name, inputs, outputShape }, call) => {
    const affine = affineOf(layers.get(name)!);
    // A layer that was merged is represented by the one before it.
    let before = inputs[0];
    while (before !== undefined && gone.includes(graph.calls[before]!.layer))
      before = graph.calls[before]!.inputs[0];
    if (!affine || before === undefined || soleReader(graph, inputs[0]!) !== call) return;
    const earlier = graph.calls[before]!.layer;
    if ([name, earlier].some((each) => callsOf(graph, each).length > 1)) return;
    const folded = folding(layers.get(earlier)!, affine, outputShape.at(-1));
    if (!folded) return;
    layers.set(earlier, folded);
    gone.push(name);
  });
  if (gone.length === 0) return graph;
  return removeLayers({ ...graph, layers: graph.layers.map(({ name }) => layers.get(name)!) }, gone);
}

/** A layer merged with the scaling after it; `undefined` if they cannot be merged. */
function folding(layer: GraphLayer, after: Affine, channels: number | undefined): GraphLayer | undefined {
  const before = affineOf(layer);
  if (before) {
    const isNumber = [before, after].every(({ scale, offset }) => scale.length === 1 && offset.length === 1);
    if (!isNumber && channels === undefined) return undefined;
    const count = isNumber ? 1 : channels!;
    const scale = Float64Array.from({ length: count }, (_, i) => at(before.scale, i) * at(after.scale, i));
    const offset = Float64Array.from(
      { length: count },
      (_, i) => at(before.offset, i) * at(after.scale, i) + at(after.offset, i),
    );
    const joined = isNumber
      ? rescalingLayer(scale[0]!, offset[0]!)
      : channelAffine(Float32Array.from(scale), Float32Array.from(offset));
    return {
      ...layer,
      ...joined,
      config: { ...joined.config, name: layer.name },
      weights: joined.weights ?? [],
    };
  }
  const isUnit = Array.from(after.scale).every((scale) => scale === 1);
  return isUnit && channels !== undefined && takesBias(layer)
    ? withBias(layer, after.offset, channels)
    : undefined;
}

/** Whether a constant that is added to a layer's output can become its bias. */
function takesBias(layer: GraphLayer): boolean {
  const facts = factsOf(layer);
  return (
    facts?.outputOffset?.weight === 'bias' &&
    facts.positions !== undefined &&
    'use_bias' in layer.config &&
    (layer.config['activation'] ?? 'linear') === 'linear' &&
    layer.config['data_format'] !== 'channels_first'
  );
}

function withBias(layer: GraphLayer, offset: ArrayLike<number>, channels: number): GraphLayer {
  const own = layer.weights.find(({ name }) => name === 'bias');
  const data = Float32Array.from({ length: channels }, (_, i) => (own?.data[i] ?? 0) + at(offset, i));
  const bias = { name: 'bias', shape: [channels], data, trainable: own?.trainable ?? true };
  return {
    ...layer,
    config: { ...layer.config, use_bias: true },
    weights: [...layer.weights.filter((weight) => weight !== own), bias],
  };
}

function at(values: ArrayLike<number>, index: number): number {
  return values[values.length === 1 ? 0 : index]!;
}
