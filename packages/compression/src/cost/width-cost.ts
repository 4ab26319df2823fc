import type { ChannelGroup, LayerGraph } from '@tersor/core';
import { isKernel } from '../graph-weights.js';
import { layerPositions } from './layer-positions.js';

/** Parameters and multiply-adds of the smaller network, and the same without the kernel slices that are zeroed. */
export interface WidthCost {
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

/**
 * Prepares a function that tells what the network costs when group i keeps `keepCounts[i]` channels, without touching a weight: it only
 * multiplies axis sizes, so it can be called in the inner loop of a search for the widest network within a budget. It agrees with
 * `cost(removeAll(...))`. Groups that are left out keep all of their channels. `sliceShares[i]` is the share of 2-D kernel slices that stays in the
 * kernels that produce group i; 1 when absent.
 * Throws `MODEL_UNSUPPORTED` where a layer has an open size.
 */
export function widthCost(graph: LayerGraph, groups: readonly ChannelGroup[]): (keepCounts: readonly number[], sliceShares?: readonly number[]) => WidthCost {
  const positions = layerPositions(graph);
  const cuts = new Map<string, AxisSize['cuts'][number][]>();
  groups.forEach(({ members }, group) => {
    for (const { layer, weight, axis, indexes } of members) {
      const key = `${layer}|${weight}|${axis}`;
      // Channels of a group own equally many indexes of an axis; see `channelGroups`.
      cuts.set(key, [...(cuts.get(key) ?? []), { group, perChannel: indexes[0]!.length }]);
    }
  });
  const producers = new Map(groups.flatMap(({ members }, group) => members.filter(({ role }) => role === 'produces').map(({ layer }) => [layer, group] as const)));
  const weights = graph.layers.flatMap((layer) =>
    layer.weights.map((weight) => ({
      producer: isKernel(weight) ? producers.get(layer.name) : undefined,
      axes: weight.shape.map((full, axis): AxisSize => ({ full, cuts: cuts.get(`${layer.name}|${weight.name}|${axis}`) ?? [] })),
      positions: isKernel(weight) ? (positions.get(layer.name) ?? 0) : 0,
      learned: weight.trainable ? 1 : 0,
    })),
  );
  return (keepCounts, sliceShares) => {
    let macs = 0;
    let parameters = 0;
    let macsWithoutZeroSlices = 0;
    let parametersWithoutZeroSlices = 0;
    for (const weight of weights) {
      let values = 1;
      for (const { full, cuts: reductions } of weight.axes) {
        let size = full;
        for (const { group, perChannel } of reductions) size -= (groups[group]!.channels - keepCounts[group]!) * perChannel;
        values *= size;
      }
      const share = weight.producer === undefined ? 1 : (sliceShares?.[weight.producer] ?? 1);
      macs += values * weight.positions;
      parameters += values * weight.learned;
      macsWithoutZeroSlices += values * weight.positions * share;
      parametersWithoutZeroSlices += values * weight.learned * share;
    }
    return { macs, parameters, macsWithoutZeroSlices, parametersWithoutZeroSlices };
  };
}

/** One call of `widthCost`; prepare that once where it is called often. */
export function costOfWidths(graph: LayerGraph, groups: readonly ChannelGroup[], keepCounts: readonly number[]): WidthCost {
  return widthCost(graph, groups)(keepCounts);
}
