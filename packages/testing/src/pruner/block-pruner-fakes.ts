import { TersorError, type LayerGraph, type PrunePlan, type Pruner } from '@tersor/core';

/** The residual block of the contracts' network, by the group that lies in it alone. */
const BLOCKS: Readonly<Record<string, readonly string[]>> = { first: ['first', 'second', 'sum'] };

/**
 * A pruner of blocks that keeps every promise: the residual block goes as a whole, and what read its sum
 * reads its shortcut.
 */
export function correctBlockPruner(): Pruner {
  return {
    id: 'whole-blocks',
    action: 'blocks',
    prepare: async () => undefined,
    plan: ({ name }, { block = true }) => ({
      pruner: 'whole-blocks',
      group: name,
      ...(!block && BLOCKS[name] && { removeLayers: BLOCKS[name] }),
    }),
    apply: (graph, plan) => without(graph, plan),
  };
}

/** Pruners of blocks that break one promise each, with the name of the case that finds them out. */
export const brokenBlockPruners: readonly { readonly what: string; readonly name: string; make(): Pruner }[] =
  [
    {
      what: 'removes nothing of what it plans',
      name: 'removes as much as was planned',
      make: () => ({ ...correctBlockPruner(), apply: (graph) => graph }),
    },
    {
      what: 'removes layers without planning them',
      name: 'removes as much as was planned',
      make: () => {
        const good = correctBlockPruner();
        const plan: Pruner['plan'] = ({ name }) => ({ pruner: good.id, group: name });
        return {
          ...good,
          plan,
          apply: (graph) =>
            without(graph, [{ pruner: good.id, group: 'first', removeLayers: BLOCKS['first']! }]),
        };
      },
    },
    {
      what: 'never has a block to remove',
      name: 'removes as much as was planned',
      make: () => ({
        ...correctBlockPruner(),
        plan: ({ name }) => ({ pruner: 'whole-blocks', group: name }),
      }),
    },
    {
      what: 'removes the block that is to stay',
      name: 'keeping everything is the identity',
      make: () => ({
        ...correctBlockPruner(),
        plan: (group) => correctBlockPruner().plan(group, { block: false }),
      }),
    },
    {
      what: 'cuts channels of what stays',
      name: 'all members of a group agree',
      make: () => {
        const good = correctBlockPruner();
        return {
          ...good,
          apply: (graph, plan) =>
            plan.some((step) => step.removeLayers) ? narrowed(good.apply(graph, plan)) : graph,
        };
      },
    },
    {
      what: 'skips layers that the network does not have',
      name: 'a plan for another network is refused with PLAN_MISMATCH',
      make: () => {
        const good = correctBlockPruner();
        return {
          ...good,
          apply: (graph, plan) => {
            try {
              return good.apply(graph, plan);
            } catch {
              return graph;
            }
          },
        };
      },
    },
  ];

function without(graph: LayerGraph, plan: PrunePlan): LayerGraph {
  const gone = new Set(plan.flatMap((step) => step.removeLayers ?? []));
  if (gone.size === 0) return graph;
  const source: number[] = [];
  for (const [index, { layer, inputs, outputShape }] of graph.calls.entries()) {
    const passed = new Set(inputs.map((input) => source[input]!));
    const [input] = passed;
    if (
      gone.has(layer) &&
      layer === 'sum' &&
      (passed.size !== 1 || graph.calls[input!]!.outputShape.join() !== outputShape.join())
    )
      throw foreign(layer);
    source.push(gone.has(layer) ? input! : index);
  }
  for (const name of gone) if (!graph.layers.some((layer) => layer.name === name)) throw foreign(name);
  const stay = graph.calls.flatMap(({ layer }, index) => (gone.has(layer) ? [] : [index]));
  const now = (calls: readonly number[]) => calls.map((call) => stay.indexOf(source[call]!));
  return {
    ...graph,
    layers: graph.layers.filter(({ name }) => !gone.has(name)),
    calls: stay.map((index) => ({ ...graph.calls[index]!, inputs: now(graph.calls[index]!.inputs) })),
    inputs: now(graph.inputs),
    outputs: now(graph.outputs),
  };
}

function foreign(layer: string): TersorError {
  return new TersorError('PLAN_MISMATCH', `The network has no block that ends with "${layer}".`);
}

/** Forgets one value of the first batch norm. */
function narrowed(graph: LayerGraph): LayerGraph {
  const cut = (name: string, shape: readonly number[]) =>
    name === 'gamma' ? shape.map((size) => size - 1) : shape;
  const layers = graph.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => ({ ...weight, shape: cut(weight.name, weight.shape) })),
  }));
  return { ...graph, layers };
}
