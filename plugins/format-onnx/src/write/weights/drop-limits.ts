import type { GraphLayer, LayerGraph } from '@tersor/core';
import { callsOf, layersByName, readersOf, type ActivationPolicy } from '@tersor/network';

/**
 * Removes the upper limit of a ReLU if all its readers round it to levels that end at the limit: values above
 * become the last level anyway. Runtimes then see a plain ReLU before the rounding, and fuse it into their
 * integer operators.
 */
export function dropLimits(graph: LayerGraph, activations: ActivationPolicy): LayerGraph {
  const layers = layersByName(graph);
  const changed = new Map<string, GraphLayer>();
  for (const layer of graph.layers) {
    const limit = limitOf(layer);
    const calls = callsOf(graph, layer.name);
    if (limit === undefined || calls.some((call) => graph.outputs.includes(call))) continue;
    const readers = calls.flatMap((call) => readersOf(graph, call));
    const isLast = (reader: number) => {
      const rounding = activations[layers.get(graph.calls[reader]!.layer)!.name];
      if (rounding?.bits !== 8 || rounding.least !== 0) return false;
      return Math.floor((limit * 255) / rounding.most + 0.5) >= 255;
    };
    if (readers.length > 0 && readers.every(isLast)) changed.set(layer.name, withoutLimit(layer));
  }
  return { ...graph, layers: graph.layers.map((layer) => changed.get(layer.name) ?? layer) };
}

function limitOf({ className, config }: GraphLayer): number | undefined {
  if (config['activation'] === 'relu6') return 6;
  const most = config['max_value'];
  return className === 'ReLU' && typeof most === 'number' ? most : undefined;
}

function withoutLimit(layer: GraphLayer): GraphLayer {
  const { max_value: _limit, ...config } = layer.config;
  return { ...layer, config: layer.className === 'ReLU' ? config : { ...config, activation: 'relu' } };
}
