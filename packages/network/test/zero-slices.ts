import type { ChannelGroup, LayerGraph, Pruner } from '@tersor/core';
import { removedChannels } from '../src/surgery/removed-channels.js';

/**
 * Zeroes the last slices of the kernels that are left, the first ones, or some of every channel.
 * @param groups of the network, where channels go as well
 */
export function zeroSlices(
  graph: LayerGraph,
  which: 'first' | 'last' | 'scattered',
  groups: readonly ChannelGroup[] = [],
): Pruner {
  const shapeOf = (name: string) =>
    graph.layers.find((layer) => layer.name === name)!.weights.find((weight) => weight.name === 'kernel')!
      .shape;
  const countOf = (name: string) => shapeOf(name).at(-2)! * shapeOf(name).at(-1)!;
  const outputsOf = (name: string) => shapeOf(name).at(-1)!;
  return {
    id: 'zero',
    action: 'slices',
    prepare: async () => undefined,
    plan: (group, { slices: share = 1 }, channels = []) => {
      const producers = group.members.filter(({ role }) => role === 'produces').map(({ layer }) => layer);
      const all = producers.flatMap((layer) => {
        const { inputs, outputs } = removedChannels(layer, groups, channels);
        const total = outputsOf(layer);
        return Array.from({ length: countOf(layer) }, (_, slice) => ({ layer, slice })).filter(
          ({ slice }) => !inputs.has(Math.floor(slice / total)) && !outputs.has(slice % total),
        );
      });
      if (which === 'scattered')
        all.sort((a, b) => ((a.slice * 7919) % all.length) - ((b.slice * 7919) % all.length));
      const kept = Math.max(1, Math.round(share * all.length));
      const gone = which === 'first' ? all.slice(0, all.length - kept) : all.slice(kept);
      return {
        pruner: 'zero',
        group: group.name,
        zeroSlices: producers.map((name) => ({
          layer: name,
          slices: gone.flatMap(({ layer, slice }) => (layer === name ? [slice] : [])),
        })),
      };
    },
    apply: (clean, plan) => ({
      ...clean,
      layers: clean.layers.map((layer) => {
        const gone = new Set(
          plan
            .flatMap((step) => step.zeroSlices ?? [])
            .flatMap((zeroed) => (zeroed.layer === layer.name ? zeroed.slices : [])),
        );
        if (gone.size === 0) return layer;
        const count = countOf(layer.name);
        return {
          ...layer,
          weights: layer.weights.map((weight) =>
            weight.name === 'kernel'
              ? { ...weight, data: weight.data.map((value, at) => (gone.has(at % count) ? 0 : value)) }
              : weight,
          ),
        };
      }),
    }),
  };
}
