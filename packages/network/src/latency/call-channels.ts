import type { ChannelGroup, LayerGraph } from '@tersor/core';
import { removeChannels } from '../surgery/remove-channels.js';

/**
 * Channels of one call's output: `full` minus `perChannel` for every channel removed from group number
 * `group`.
 */
export interface CallChannels {
  readonly full: number;
  readonly cuts: readonly { readonly group: number; readonly perChannel: number }[];
}

/**
 * How the last axis of every call's output depends on the channels that each group keeps. The dependence is
 * linear (sums after a concatenation, multiples after a flatten), so it is found by removing one channel of
 * each group.
 */
export function callChannels(graph: LayerGraph, groups: readonly ChannelGroup[]): CallChannels[] {
  const full = channelsOf(graph);
  const cuts = full.map((): CallChannels['cuts'][number][] => []);
  groups.forEach((group, index) => {
    const narrower = channelsOf(
      removeChannels(
        graph,
        group,
        Array.from({ length: group.channels - 1 }, (_, channel) => channel),
      ),
    );
    narrower.forEach((count, call) => {
      if (count !== full[call]) cuts[call]!.push({ group: index, perChannel: full[call]! - count });
    });
  });
  return full.map((count, call) => ({ full: count, cuts: cuts[call]! }));
}

/** Size of the last axis of every call's output. */
export function channelsOf(graph: LayerGraph): number[] {
  return graph.calls.map(({ outputShape }) => outputShape.at(-1) ?? 1);
}
