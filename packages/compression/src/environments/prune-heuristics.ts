import {
  elementCount,
  type AllocationQuestion,
  type ChannelGroup,
  type LayerGraph,
  type SharesQuestion,
} from '@tersor/core';
import { wholeChoice, type Choice, type PruneWall } from './prune-wall.js';

/**
 * What heuristics of pruners are asked: channels alone are spread; blocks all stay, and the same share of
 * every group's kernel slices.
 * @param toCount the allowed count of a group that is nearest to a share of its channels
 */
export function allocationQuestion(
  { limits, fits }: PruneWall,
  {
    groups,
    smallest,
    multiple,
    toCount,
    share = 1,
  }: Pick<AllocationQuestion, 'groups' | 'multiple'> & {
    readonly smallest: readonly Choice[];
    readonly toCount: (group: ChannelGroup, ratio: number) => number;
    readonly share?: number;
  },
): AllocationQuestion {
  const choicesOf = (counts: readonly number[]) =>
    groups.map((group, i): Choice => ({ ...wholeChoice(group), keep: counts[i]!, share }));
  return {
    groups,
    smallest: smallest.map(({ keep }) => keep),
    multiple,
    nearest: (group, channels) => toCount(groups[group]!, channels / groups[group]!.channels),
    limits: limits.map(({ name, limit, of }) => ({ name, limit, of: (counts) => of(choicesOf(counts)) })),
    used: (counts) => {
      const choices = choicesOf(counts);
      return Math.max(...limits.map(({ limit, of }) => of(choices) / limit));
    },
    fits: (counts) => fits(choicesOf(counts)),
  };
}

/** What a pruner of slices is asked when the channels of each group are chosen. */
export function sharesQuestion(
  { limits, fits }: PruneWall,
  groups: readonly ChannelGroup[],
  counts: readonly number[],
  { smallest, channels }: Pick<SharesQuestion, 'smallest' | 'channels'>,
): SharesQuestion {
  const choicesOf = (shares: readonly number[]) =>
    groups.map((group, i): Choice => ({ ...wholeChoice(group), keep: counts[i]!, share: shares[i]! }));
  return {
    groups,
    smallest,
    channels,
    limits: limits.map(({ name, limit, of }) => ({ name, limit, of: (shares) => of(choicesOf(shares)) })),
    used: (shares) => Math.max(...limits.map(({ limit, of }) => of(choicesOf(shares)) / limit)),
    fits: (shares) => fits(choicesOf(shares)),
  };
}

/** One preserve ratio for all groups: the largest, to a thousandth, that `fits`. */
export function uniformRatio(minimum: number, fits: (ratio: number) => boolean): number {
  let low = minimum;
  let high = 1;
  if (fits(high)) return high;
  while (high - low > 1e-3) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Global magnitude ranking: the channels with the smallest norm of their producing weights, relative to the
 * mean norm of their group, go first, wherever they are, until the rest `fits`. No group goes below its
 * smallest count.
 */
export function magnitudeCounts(graph: LayerGraph, { groups, smallest, fits }: AllocationQuestion): number[] {
  const ranked = groups
    .flatMap((group, index) => relativeNorms(graph, group).map((norm) => ({ index, norm })))
    .sort((a, b) => a.norm - b.norm);
  const countsAfter = (removed: number): number[] => {
    const counts = groups.map(({ channels }) => channels);
    for (const { index } of ranked.slice(0, removed))
      counts[index] = Math.max(smallest[index]!, counts[index]! - 1);
    return counts;
  };
  let low = 0;
  let high = ranked.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (fits(countsAfter(middle))) high = middle;
    else low = middle + 1;
  }
  return countsAfter(low);
}

/** L2 norm of the weights that produce each channel, divided by the group's mean. */
function relativeNorms(graph: LayerGraph, group: ChannelGroup): number[] {
  const squares = new Float64Array(group.channels);
  for (const { layer, weight, axis, indexes, role } of group.members) {
    if (role !== 'produces' || !weight.endsWith('kernel')) continue;
    const { data, shape } = graph.layers
      .find(({ name }) => name === layer)!
      .weights.find(({ name }) => name === weight)!;
    const inner = elementCount(shape.slice(axis + 1));
    const channelOf = new Int32Array(shape[axis]!).fill(-1);
    indexes.forEach((owned, channel) => owned.forEach((index) => (channelOf[index] = channel)));
    data.forEach((value, i) => {
      const channel = channelOf[Math.floor(i / inner) % shape[axis]!]!;
      if (channel >= 0) squares[channel] = squares[channel]! + value * value;
    });
  }
  const norms = [...squares].map(Math.sqrt);
  const mean = norms.reduce((sum, norm) => sum + norm, 0) / norms.length || 1;
  return norms.map((norm) => norm / mean);
}
