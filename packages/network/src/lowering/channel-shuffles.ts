import type { GraphLayer, LayerGraph } from '@tersor/core';
import { callsOf, layersByName, soleReader } from '../graph/walk.js';
import { removeLayers } from '../surgery/remove-layers.js';

/**
 * The network with channel shuffles as one layer where they are spelled out: channels reshaped to groups, the
 * last two axes exchanged, and reshaped back. The first of the three keeps its name, and each must be called
 * once and be read by the next alone.
 */
export function withChannelShuffles(graph: LayerGraph): LayerGraph {
  const layers = layersByName(graph);
  const changed = new Map<string, GraphLayer>();
  const gone: string[] = [];
  const calls = graph.calls.map((call, index) => {
    const found = shuffleAt(graph, layers, index);
    if (!found) return call;
    const config = { name: call.layer, groups: found.groups };
    changed.set(call.layer, { name: call.layer, className: 'TersorChannelShuffle', config, weights: [] });
    gone.push(...found.gone);
    return { ...call, outputShape: graph.calls[call.inputs[0]!]!.outputShape };
  });
  if (changed.size === 0) return graph;
  const own = graph.layers.map((layer) => changed.get(layer.name) ?? layer);
  return removeLayers({ ...graph, layers: own, calls }, gone);
}

/** The shuffle that begins with a call: its number of groups, and the two layers that it takes along. */
function shuffleAt(graph: LayerGraph, layers: ReadonlyMap<string, GraphLayer>, first: number) {
  const second = soleReader(graph, first);
  const third = second === undefined ? undefined : soleReader(graph, second);
  if (second === undefined || third === undefined) return undefined;
  const [apart, turned, back] = [first, second, third].map((index) => {
    const { layer: name, outputShape } = graph.calls[index]!;
    const { className, config } = layers.get(name)!;
    return { name, className, config, shape: outputShape, isOnce: callsOf(graph, name).length === 1 };
  });
  const whole = graph.calls[graph.calls[first]!.inputs[0] ?? first]!.outputShape;
  const rank = whole.length;
  const [groups, size] = apart!.shape.slice(-2);
  const isShuffle =
    [apart, turned, back].every((each) => each!.isOnce) &&
    apart!.className === 'Reshape' &&
    turned!.className === 'Permute' &&
    back!.className === 'Reshape' &&
    apart!.shape.length === rank + 1 &&
    apart!.shape.slice(0, rank - 1).join() === whole.slice(0, -1).join() &&
    back!.shape.join() === whole.join() &&
    [turned!.config['dims']].flat().join() === exchanged(rank).join();
  if (!isShuffle || groups === undefined || groups === null || !size) return undefined;
  return { groups, gone: [turned!.name, back!.name] };
}

/** The axes of a sample, counted from 1, that groups add one to: the last two exchanged. */
function exchanged(rank: number): number[] {
  const rest = Array.from({ length: rank - 1 }, (_, i) => i + 1);
  return [...rest, rank + 1, rank];
}
