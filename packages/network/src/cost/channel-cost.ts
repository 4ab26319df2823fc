import type { ChannelGroup, LayerGraph } from '@tersor/core';
import { isKernel } from '../graph/graph-weights.js';
import { layerPositions } from './layer-positions.js';

/**
 * Parameters and multiply-adds of the smaller network, and at most how many are left without the kernel
 * slices that are zeroed.
 */
export interface ChannelCost {
  readonly macs: number;
  readonly parameters: number;
  readonly macsWithoutZeroSlices: number;
  readonly parametersWithoutZeroSlices: number;
}

/** Size of one axis: `full` less `perChannel` for every channel that goes from group number `group`. */
interface AxisSize {
  readonly full: number;
  readonly cuts: readonly { readonly group: number; readonly perChannel: number }[];
}

/** One weight of the network. */
interface SizedWeight {
  readonly layer: string;
  readonly axes: readonly AxisSize[];
  /** How often a value is multiplied; 0 except for kernels. */
  readonly positions: number;
  /** 1 when it is learned, else 0. */
  readonly learned: number;
  /** The group whose channels it produces, where its slices can be zeroed. */
  readonly producerOf: number | undefined;
}

/**
 * Prepares a function that tells what the network costs when group i keeps `keepCounts[i]` channels, without
 * touching a weight: it only multiplies axis sizes, so it can be called in the inner loop of a search for the
 * widest network within a budget. It agrees with `cost(removeAll(...))`. Groups that are left out keep all of
 * their channels. `sliceShares[i]` is the share of 2-D kernel slices that stays in the kernels that produce
 * group i, of those whose channels stay; 1 when absent. Which slices those are is the pruner's choice: the
 * figures without zeroed slices are the most that can be left, so that a limit on them is kept. Layers of
 * `removed` cost nothing. Throws `MODEL_UNSUPPORTED` where a layer has an open size.
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
      // A pruner of slices knows of channels that go, but not of blocks; it may round up to a slice more.
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
 * The most that `stay` slices can cost, since a pruner spreads them over the kernels of a group as it likes.
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
      // Channels of a group own equally many indexes of an axis; see `channelGroups`.
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
