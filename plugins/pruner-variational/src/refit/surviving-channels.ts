import type { ChannelGroup, LayerGraph, PrunePlan } from '@tersor/core';
import { deadChannels, removeAll, removeLayers, type Removal } from '@tersor/network';

/** Channels of the original kernel that a layer still has. */
export interface Survivors {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/**
 * By layer, which input and output channels of its kernel are left when a plan has been carried out, and the
 * channels that its zeroed slices leave dead have gone: does the same to a network whose kernels hold the
 * numbers of their slices.
 */
export function survivingChannels(
  clean: LayerGraph,
  groups: readonly ChannelGroup[],
  plan: PrunePlan,
): Map<string, Survivors> {
  const byName = new Map(groups.map((group) => [group.name, group]));
  const removals = plan.flatMap(({ group, keep }): Removal[] => {
    const found = byName.get(group);
    return keep && found ? [{ group: found, keep }] : [];
  });
  const blocks = plan.flatMap(({ removeLayers: names = [] }) => names);
  const carryOut = (graph: LayerGraph) => removeLayers(removeAll(graph, removals), blocks);
  const numbered = withKernels(clean, (data, slices) => data.map((_, at) => at % slices));
  const zeroed = new Map<string, Set<number>>();
  for (const { zeroSlices = [] } of plan)
    for (const { layer, slices } of zeroSlices)
      zeroed.set(layer, new Set([...(zeroed.get(layer) ?? []), ...slices]));
  const zeros = withKernels(clean, (data, slices, layer) => {
    const gone = zeroed.get(layer);
    return gone ? data.map((value, at) => (gone.has(at % slices) ? 0 : value)) : data;
  });
  const left = removeAll(carryOut(numbered), deadChannels(carryOut(zeros)));
  return new Map(
    left.layers.flatMap(({ name, weights }): [string, Survivors][] => {
      const kernel = weights.find((weight) => weight.name === 'kernel');
      const before = clean.layers
        .find((layer) => layer.name === name)
        ?.weights.find((weight) => weight.name === 'kernel');
      if (!kernel || !before) return [];
      const [inputs, outputs] = kernel.shape.slice(-2) as [number, number];
      const columns = before.shape.at(-1)!;
      return [
        [
          name,
          {
            inputs: Array.from({ length: inputs }, (_, i) => Math.floor(kernel.data[i * outputs]! / columns)),
            outputs: Array.from({ length: outputs }, (_, o) => kernel.data[o]! % columns),
          },
        ],
      ];
    }),
  );
}

function withKernels(
  graph: LayerGraph,
  change: (data: Float32Array, slices: number, layer: string) => Float32Array,
): LayerGraph {
  return {
    ...graph,
    layers: graph.layers.map((layer) => ({
      ...layer,
      weights: layer.weights.map((weight) =>
        weight.name === 'kernel'
          ? { ...weight, data: change(weight.data, weight.shape.at(-2)! * weight.shape.at(-1)!, layer.name) }
          : weight,
      ),
    })),
  };
}
