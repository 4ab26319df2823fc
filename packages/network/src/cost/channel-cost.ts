import type { ChannelGroup, LayerGraph } from '@tersor/core';
import { isKernel } from '../graph/graph-weights.js';
import { layerPositions } from './layer-positions.js';

/**
 * Parameters and multiply-adds of a pruned network, and upper bounds for both without zeroed kernel slices.
 */
export interface ChannelCost {
  readonly macs: number;
  readonly parameters: number;
  readonly macsWithoutZeroSlices: number;
  readonly parametersWithoutZeroSlices: number;
}

/** Size of one axis: `full` minus `perChannel` for every channel removed from group number `group`. */
interface AxisSize {
  readonly full: number;
  readonly cuts: readonly { readonly group: number; readonly perChannel: number }[];
}

/** One weight of the network. */
interface SizedWeight {
  readonly layer: string;
  readonly axes: readonly AxisSize[];
  /** How often each value is multiplied per image; 0 unless it is a kernel. */
  readonly positions: number;
  /** 1 if it is learned, else 0. */
  readonly learned: number;
  /** The group whose channels it produces, if its slices can be zeroed. */
  readonly producerOf: number | undefined;
}

/**
 * Prepares a function that computes the cost of the network when group i keeps `keepCounts[i]` channels. It
 * only multiplies axis sizes and reads no weights, so a search can call it in an inner loop. It agrees with
 * `cost(removeAll(...))`; groups that are left out keep all channels. `sliceShares[i]` is the share of 2-D
 * kernel slices kept in the kernels that produce group i, among those whose channels stay (1 by default). The
 * pruner chooses which slices those are, so the figures without zeroed slices are upper bounds. Layers in
 * `removed` cost nothing. Throws `MODEL_UNSUPPORTED` if a layer has an open size.
 */
export function channelCost(
  graph: LayerGraph,
  groups: readonly ChannelGroup[],
): (
  keepCounts: readonly number[],
  sliceShares?: readonly number[],
  removed?: ReadonlySet<string>,
) => ChannelCost {
  const weights = sizedWeights(graph, groups);
  const plain = weights.filter(({ producerOf }) => producerOf === undefined);
  const producing = groups.map((_, group) => weights.filter(({ producerOf }) => producerOf === group));
  return (keepCounts, sliceShares, removed) => {
    const sizeOf = (axes: readonly AxisSize[]) => {
      let values = 1;
      for (const { full, cuts } of axes) {
        let size = full;
        for (const { group, perChannel } of cuts)
          size -= (groups[group]!.channels - keepCounts[group]!) * perChannel;
        values *= size;
      }
      return values;
    };
    const total = { macs: 0, parameters: 0, macsWithoutZeroSlices: 0, parametersWithoutZeroSlices: 0 };
    const add = (weight: SizedWeight) => {
      if (removed?.has(weight.layer)) return;
      const values = sizeOf(weight.axes);
      total.macs += values * weight.positions;
      total.parameters += values * weight.learned;
      total.macsWithoutZeroSlices += values * weight.positions;
      total.parametersWithoutZeroSlices += values * weight.learned;
    };
    plain.forEach(add);
    producing.forEach((kernels, group) => {
      const share = sliceShares?.[group] ?? 1;
      if (share >= 1) return kernels.forEach(add);
      const all = kernels.map(({ layer, axes, positions, learned }) => {
        const values = sizeOf(axes.slice(0, -2));
        return {
          layer,
          slices: sizeOf(axes.slice(-2)),
          macs: values * positions,
          parameters: values * learned,
        };
      });
      // A slice pruner sees the removed channels but not the removed blocks, and may round up by one slice.
      const stay = share * all.reduce((sum, { slices }) => sum + slices, 0) + 1;
      const priced = removed ? all.filter(({ layer }) => !removed.has(layer)) : all;
      for (const figure of ['macs', 'parameters'] as const) {
        total[figure] += priced.reduce((sum, each) => sum + each.slices * each[figure], 0);
        total[`${figure}WithoutZeroSlices`] += costliest(priced, figure, stay);
      }
    });
    return total;
  };
}

/**
 * The most that `stay` slices can cost: a pruner may spread them over the kernels of a group as it likes.
 */
function costliest<Figure extends string>(
  kernels: readonly (Record<Figure, number> & { readonly slices: number })[],
  figure: Figure,
  stay: number,
): number {
  let left = stay;
  return [...kernels]
    .sort((a, b) => b[figure] - a[figure])
    .reduce((sum, kernel) => {
      const taken = Math.min(left, kernel.slices);
      left -= taken;
      return sum + taken * kernel[figure];
    }, 0);
}

function sizedWeights(graph: LayerGraph, groups: readonly ChannelGroup[]): SizedWeight[] {
  const positions = layerPositions(graph);
  const cuts = new Map<string, AxisSize['cuts'][number][]>();
  groups.forEach(({ members }, group) => {
    for (const { layer, weight, axis, indexes } of members) {
      const key = `${layer}|${weight}|${axis}`;
      // All channels of a group own the same number of indexes of an axis; see `channelGroups`.
      cuts.set(key, [...(cuts.get(key) ?? []), { group, perChannel: indexes[0]!.length }]);
    }
  });
  const producers = new Map(
    groups.flatMap(({ members }, group) =>
      members.filter(({ role }) => role === 'produces').map(({ layer }) => [layer, group] as const),
    ),
  );
  return graph.layers.flatMap((layer) =>
    layer.weights.map((weight) => ({
      layer: layer.name,
      axes: weight.shape.map(
        (full, axis): AxisSize => ({ full, cuts: cuts.get(`${layer.name}|${weight.name}|${axis}`) ?? [] }),
      ),
      positions: isKernel(weight) ? (positions.get(layer.name) ?? 0) : 0,
      learned: weight.trainable ? 1 : 0,
      producerOf: weight.name === 'kernel' ? producers.get(layer.name) : undefined,
    })),
  );
}
