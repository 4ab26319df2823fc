import type { ChannelGroup, GroupMember, LayerGraph } from '@tersor/core';
import { channelGroups } from '../groups/channel-groups.js';
import { removeAll, type Removal } from './remove-channels.js';

/**
 * Removes the channels whose kernel slices are all zero: those that nothing reads any more (removing them
 * changes nothing), and those that hold only a constant (what they still add after a bias or a
 * batch norm goes with them; a fine-tune takes it up). A group that is dead as a whole keeps its first
 * channel.
 */
export function removeDeadChannels(graph: LayerGraph): LayerGraph {
  const removals = deadChannels(graph);
  return removals.length === 0 ? graph : removeAll(graph, removals);
}

/** What `removeDeadChannels` removes. */
export function deadChannels(graph: LayerGraph): Removal[] {
  return channelGroups(graph).groups.flatMap((group) => {
    const unread = deadBy(graph, group, 'consumes');
    const constant = deadBy(graph, group, 'produces');
    const alive = Array.from({ length: group.channels }, (_, channel) => channel).filter(
      (channel) => !unread[channel] && !constant[channel],
    );
    if (alive.length === group.channels) return [];
    return [{ group, keep: alive.length > 0 ? alive : [0] }];
  });
}

/**
 * Which channels have only zeros in the kernels of one role; none where the group has no kernel in that role.
 */
function deadBy(graph: LayerGraph, group: ChannelGroup, role: GroupMember['role']): boolean[] {
  const members = group.members.filter((member) => member.role === role);
  const dead = new Array<boolean>(group.channels).fill(members.length > 0);
  for (const { layer, weight, axis, indexes } of members) {
    const { data, shape } = graph.layers
      .find(({ name }) => name === layer)!
      .weights.find(({ name }) => name === weight)!;
    const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    const used = usedIndexes(data, shape[axis]!, inner);
    indexes.forEach((owned, channel) => owned.some((index) => used[index]) && (dead[channel] = false));
  }
  return dead;
}

/** For each index of an axis, whether any value is not zero. */
function usedIndexes(data: Float32Array, size: number, inner: number): Uint8Array {
  const used = new Uint8Array(size);
  for (let at = 0; at < data.length; at += inner) {
    const index = (at / inner) % size;
    for (let i = at; used[index] === 0 && i < at + inner; i++) if (data[i] !== 0) used[index] = 1;
  }
  return used;
}
