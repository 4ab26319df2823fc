import type { LayerGraph, Pruner } from '@tersor/core';
import { removeLayers } from '@tersor/network';

/**
 * Drops whole residual blocks of the ResNet-20 of `topologies.ts`: those without a projection, which their
 * first convolution's group stands for.
 */
export function dropBlocks(graph: LayerGraph): Pruner {
  const layersOf = (group: string): string[] => {
    const block = /^(stage\d_block\d)_a$/.exec(group)?.[1];
    if (block === undefined || graph.layers.some(({ name }) => name === `${block}_shortcut`)) return [];
    return ['a', 'a_bn', 'a_relu', 'b', 'b_bn', 'add'].map((part) => `${block}_${part}`);
  };
  return {
    id: 'drop-blocks',
    action: 'blocks',
    prepare: async () => undefined,
    plan: ({ name }, { block = true }) => ({
      pruner: 'drop-blocks',
      group: name,
      ...(!block && layersOf(name).length > 0 && { removeLayers: layersOf(name) }),
    }),
    apply: (clean, plan) =>
      removeLayers(
        clean,
        plan.flatMap((step) => step.removeLayers ?? []),
      ),
  };
}
