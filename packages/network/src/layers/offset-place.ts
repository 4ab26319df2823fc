import type { LayerGraph } from '@tersor/core';
import { callsOf, inputShapesOf, layersByName, soleReader } from '../graph/walk.js';
import type { OffsetWeight } from './layer-facts.js';
import { factsOf } from './layer-table.js';

/** A weight with which a constant can be added to each output channel of a layer. */
export interface OffsetPlace extends OffsetWeight {
  /** The layer that has the weight. */
  readonly layer: string;
}

/**
 * Finds where a constant can be added to a layer's output before its activation: its own bias, or a weight of
 * its only reader (the moving mean of a batch norm), if both are called once and the layer has no activation.
 * `undefined` if there is no such place.
 */
export function offsetPlace(graph: LayerGraph, name: string): OffsetPlace | undefined {
  const layers = layersByName(graph);
  const layer = layers.get(name)!;
  const own = factsOf(layer)?.outputOffset;
  if (own && layer.weights.some(({ name: weight }) => weight === own.weight)) return { layer: name, ...own };
  const [call, ...otherCalls] = callsOf(graph, name);
  if (call === undefined || otherCalls.length > 0 || (layer.config['activation'] ?? 'linear') !== 'linear')
    return undefined;
  const index = soleReader(graph, call);
  if (index === undefined) return undefined;
  const reader = layers.get(graph.calls[index]!.layer)!;
  const taken = factsOf(reader)?.inputOffset?.(reader, inputShapesOf(graph, graph.calls[index]!)[0]!);
  const size = reader.weights.find(({ name: weight }) => weight === taken?.weight)?.data.length;
  return taken && callsOf(graph, reader.name).length === 1 && size === graph.calls[call]!.outputShape.at(-1)
    ? { layer: reader.name, ...taken }
    : undefined;
}
