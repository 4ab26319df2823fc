import { TersorError, type ChannelGroup, type LayerGraph, type WeightTensor } from '@tersor/core';
import { layersByName } from '../graph/walk.js';
import { gatherAxis } from './gather-axis.js';
import { deriveShapes } from './output-shapes.js';

/** The channels of one group that stay, ascending. */
export interface Removal {
  readonly group: ChannelGroup;
  readonly keep: readonly number[];
}

/** Removes the channels of one group: `removeAll` of a single removal. */
export function removeChannels(graph: LayerGraph, group: ChannelGroup, keep: readonly number[]): LayerGraph {
  return removeAll(graph, [{ group, keep }]);
}

/**
 * Removes channels of several groups at once. Returns a new graph with smaller weights, updated `filters`,
 * `units` and target shapes, and recomputed output shapes; unchanged layers are shared with the old graph.
 * All groups must come from this graph: since a removal shifts the indexes of other groups, removing groups
 * one after the other is not the same.
 *
 * Up to rounding, the result equals the old network in which every layer that consumes a removed channel
 * (convolution, dense) reads zero in its place. For a convolution, batch norm and ReLU, that is the network
 * with the channel set to zero after the ReLU.
 *
 * Throws `PLAN_MISMATCH` if a group does not fit the graph, or `keep` is not an ascending, non-empty list of
 * its channels.
 */
export function removeAll(graph: LayerGraph, removals: readonly Removal[]): LayerGraph {
  const cuts = collectCuts(graph, removals);
  const layers = graph.layers.map((layer) => {
    const weights = layer.weights.map((weight) => cutWeight(layer.name, weight, cuts));
    return weights.every((weight, i) => weight === layer.weights[i]) ? layer : { ...layer, weights };
  });
  return deriveShapes({ ...graph, layers });
}

/** Removed indexes by `layer|weight|axis`. */
type Cuts = ReadonlyMap<string, ReadonlySet<number>>;

function collectCuts(graph: LayerGraph, removals: readonly Removal[]): Cuts {
  const layers = layersByName(graph);
  const cuts = new Map<string, Set<number>>();
  for (const { group, keep } of removals) {
    requireKeep(group, keep);
    const kept = new Set(keep);
    for (const { layer, weight, axis, indexes } of group.members) {
      const shape = layers.get(layer)?.weights.find(({ name }) => name === weight)?.shape;
      if (!shape || indexes.some((owned) => owned.some((index) => index >= (shape[axis] ?? 0)))) {
        throw mismatch(
          `Group "${group.name}" does not fit the network "${graph.name}": axis ${axis} of ${layer}/${weight} is missing or shorter.`,
        );
      }
      const key = `${layer}|${weight}|${axis}`;
      const cut = cuts.get(key) ?? new Set<number>();
      cuts.set(key, cut);
      indexes.forEach((owned, channel) => !kept.has(channel) && owned.forEach((index) => cut.add(index)));
    }
  }
  return cuts;
}

function requireKeep(group: ChannelGroup, keep: readonly number[]): void {
  const ascending = keep.every(
    (channel, i) =>
      Number.isInteger(channel) &&
      channel >= 0 &&
      channel < group.channels &&
      (i === 0 || channel > keep[i - 1]!),
  );
  if (!ascending || keep.length === 0) {
    throw mismatch(
      `Group "${group.name}" has ${group.channels} channels; those kept must be an ascending list of at least one of them, but [${keep.join(', ')}] is not.`,
    );
  }
}

function cutWeight(layer: string, weight: WeightTensor, cuts: Cuts): WeightTensor {
  let { data, shape } = weight;
  for (let axis = 0; axis < shape.length; axis++) {
    const cut = cuts.get(`${layer}|${weight.name}|${axis}`);
    if (!cut || cut.size === 0) continue;
    const kept = Array.from({ length: shape[axis]! }, (_, index) => index).filter((index) => !cut.has(index));
    data = gatherAxis(data, shape, axis, kept);
    shape = shape.map((size, other) => (other === axis ? kept.length : size));
  }
  return data === weight.data ? weight : { ...weight, data, shape };
}

function mismatch(message: string): TersorError {
  return new TersorError('PLAN_MISMATCH', message, {
    hint: 'The plan was made for another network: search again, or apply it to that network.',
  });
}
