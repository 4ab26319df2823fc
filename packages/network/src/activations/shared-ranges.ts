import type { LayerGraph } from '@tersor/core';
import { factsOf } from '../layers/layer-table.js';
import type { ActivationPolicy } from './simulated-graph.js';

/** Layers that join the outputs of others: the sums of residual blocks, and concatenations. */
export function joiningLayers(graph: LayerGraph): string[] {
  return graph.layers
    .filter((layer) => {
      const { adds, concatenates } = factsOf(layer) ?? {};
      return adds || concatenates;
    })
    .map(({ name }) => name);
}

/**
 * The policy with a common range (the union) for layers that read the same tensor with the same number of
 * bits, so that the tensor is rounded once for all its readers. Layers that read several tensors link theirs.
 */
export function withSharedRanges(graph: LayerGraph, policy: ActivationPolicy): ActivationPolicy {
  const ranges = new Map(Object.entries(policy));
  const readers = new Map<string, string[]>();
  for (const { layer, inputs } of graph.calls) {
    const own = ranges.get(layer);
    if (own) for (const input of inputs) push(readers, `${input} at ${own.bits}`, layer);
  }
  // Terminates: ranges only grow, and only to bounds that exist already.
  for (let isStable = false; !isStable; ) {
    isStable = true;
    for (const layers of readers.values()) {
      const found = layers.map((layer) => ranges.get(layer)!);
      const least = Math.min(...found.map((range) => range.least));
      const most = Math.max(...found.map((range) => range.most));
      for (const layer of layers) {
        const range = ranges.get(layer)!;
        if (range.least === least && range.most === most) continue;
        ranges.set(layer, { ...range, least, most });
        isStable = false;
      }
    }
  }
  return Object.fromEntries(ranges);
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  map.set(key, [...(map.get(key) ?? []), value]);
}
