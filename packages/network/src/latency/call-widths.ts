import type { ChannelGroup, LayerGraph } from '@tersor/core';
import { removeChannels } from '../surgery/remove-channels.js';

/**
 * Width of one call's output: `full` less `perChannel` for every channel that goes from group number `group`.
 */
export interface CallWidth {
  readonly full: number;
  readonly cuts: readonly { readonly group: number; readonly perChannel: number }[];
}

/**
 * How the last axis of every call's output follows from the channels that each group keeps. It is linear in
 * them (sums behind a concatenation, multiples behind a flatten), so one channel less of each group, cut by
 * the real surgery, tells it all.
 */
export function callWidths(graph: LayerGraph, groups: readonly ChannelGroup[]): CallWidth[] {
  const full = widthsOf(graph);
  const cuts = full.map((): CallWidth['cuts'][number][] => []);
  groups.forEach((group, index) => {
    const narrower = widthsOf(
      removeChannels(
        graph,
        group,
        Array.from({ length: group.channels - 1 }, (_, channel) => channel),
      ),
    );
    narrower.forEach((width, call) => {
      if (width !== full[call]) cuts[call]!.push({ group: index, perChannel: full[call]! - width });
    });
  });
  return full.map((width, call) => ({ full: width, cuts: cuts[call]! }));
}

/** Size of the last axis of every call's output. */
export function widthsOf(graph: LayerGraph): number[] {
  return graph.calls.map(({ outputShape }) => outputShape.at(-1) ?? 1);
}
