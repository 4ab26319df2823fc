import { elementCount, type ChannelGroup, type GroupMember, type LayerGraph } from '@tersor/core';
import { channelGroups } from '../groups/channel-groups.js';
import { removeAll, type Removal } from './remove-channels.js';

/**
 * Removes the channels whose kernel slices are all zero: those that nothing reads (removing them changes
 * nothing), and those that are constant (their contribution through a bias or batch norm is lost; fine-tuning
 * makes up for it). A group in which all channels are dead keeps the first.
 */
export function removeDeadChannels(graph: LayerGraph): LayerGraph {
  const removals = deadChannels(graph);
  return removals.length === 0 ? graph : removeAll(graph, removals);
}

/** The removals of `removeDeadChannels`. */
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
 * Which channels have only zeros in the kernels of one role; none if the group has no kernel in that role.
 */
function deadBy(graph: LayerGraph, group: ChannelGroup, role: GroupMember['role']): boolean[] {
  const members = group.members.filter((member) => member.role === role);
  const dead = new Array<boolean>(group.channels).fill(members.length > 0);
  for (const { layer, weight, axis, indexes } of members) {
    const { data, shape } = graph.layers
      .find(({ name }) => name === layer)!
      .weights.find(({ name }) => name === weight)!;
    const inner = elementCount(shape.slice(axis + 1));
    const used = usedIndexes(data, shape[axis]!, inner);
    indexes.forEach((owned, channel) => owned.some((index) => used[index]) && (dead[channel] = false));
  }
  return dead;
}

/** For each index of an axis, 1 if any value is not zero, else 0. */
function usedIndexes(data: Float32Array, size: number, inner: number): Uint8Array {
  const used = new Uint8Array(size);
  for (let at = 0; at < data.length; at += inner) {
    const index = (at / inner) % size;
    for (let i = at; used[index] === 0 && i < at + inner; i++) if (data[i] !== 0) used[index] = 1;
  }
  return used;
}
