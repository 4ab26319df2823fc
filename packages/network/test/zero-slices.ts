import type { LayerGraph, Pruner } from '@tersor/core';

/**
 * Zeroes the last slices of the kernels (of the channels that `firstChannels` removes, so that they count for
 * nothing), the first ones, or some of every channel.
 */
export function zeroSlices(graph: LayerGraph, which: 'first' | 'last' | 'scattered'): Pruner {
  const countOf = (name: string) => {
    const kernel = graph.layers
      .find((layer) => layer.name === name)!
      .weights.find((weight) => weight.name === 'kernel')!;
    return kernel.shape.slice(-2).reduce((product, size) => product * size, 1);
  };
  return {
    id: 'zero',
    action: 'slices',
    prepare: async () => undefined,
    plan: (group, { slices: share = 1 }) => {
      const producers = group.members.filter(({ role }) => role === 'produces').map(({ layer }) => layer);
      const all = producers.flatMap((layer) =>
        Array.from({ length: countOf(layer) }, (_, slice) => ({ layer, slice })),
      );
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
