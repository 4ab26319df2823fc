import type { ChannelGroup, GraphLayer, GroupMember, LayerGraph } from '@tersor/core';
import { isChannelsFirst } from '../graph/channels-first.js';
import { isKernel } from '../graph/graph-weights.js';
import { inputShapesOf, layersByName } from '../graph/walk.js';
import { factsOf } from '../layers/layer-table.js';
import { ChannelTable, type WeightAxis } from './channel-table.js';

/** Channels that must stay, and why. */
export interface Barrier {
  /** The first layer that produces them. */
  readonly layer: string;
  readonly channels: number;
  /** All layers that produce them. */
  readonly producers: readonly string[];
  /** For instance `head: not understood (LSTM)` or `out: output of the model`; several are joined by `; `. */
  readonly reason: string;
}

/** Channels that own indexes of the same weight axes. */
interface ChannelSet {
  readonly channels: number[];
  readonly reasons: Set<string>;
}

/**
 * Finds which channels of a network can only be removed together, by following every channel through the
 * graph (similar to DepGraph: Fang et al., CVPR 2023, section 3). Every index of every weight axis is
 * assigned to a channel; layers that need two channels to agree join them. Channels that are not joined in
 * the end can be removed independently; those that own indexes of the same axes form a group. See
 * `ChannelGroup` for an example.
 *
 * Groups are in the order of the network and named after their first producer; a second group of the same
 * producer (whose channels are read elsewhere) is named `producer#2`. Channels that must stay (model inputs
 * and outputs, layers that are not understood, softmax, a single channel) are barriers. Never throws.
 */
export function channelGroups(graph: LayerGraph): { groups: ChannelGroup[]; barriers: Barrier[] } {
  const table = followChannels(graph);
  const axes = table.weightAxes();
  const owners = channelOwners(table, axes);
  const groups: ChannelGroup[] = [];
  const barriers: Barrier[] = [];
  const names = new Map<string, number>();
  for (const { channels, reasons } of channelSets(table, owners)) {
    const members = membersOf(channels, owners, axes);
    const producers = [
      ...new Set(members.filter(({ role }) => role === 'produces').map(({ layer }) => layer)),
    ];
    const first = producers[0];
    if (first === undefined) continue;
    if (channels.length === 1) {
      const made = members.find(({ layer, role }) => layer === first && role === 'produces')!.indexes[0]!
        .length;
      reasons.add(
        `${first}: ${made === 1 ? 'a single channel cannot go' : 'its channels could only go all at once'}`,
      );
    }
    if (reasons.size > 0) {
      barriers.push({ layer: first, channels: channels.length, producers, reason: [...reasons].join('; ') });
      continue;
    }
    const count = (names.get(first) ?? 0) + 1;
    names.set(first, count);
    groups.push({ name: count === 1 ? first : `${first}#${count}`, channels: channels.length, members });
  }
  return { groups, barriers: [...barriers, ...unseenBarriers(graph, axes)] };
}

/** Layers with kernels whose channels no rule covers. Their channels stay; the barriers make that visible. */
function unseenBarriers(graph: LayerGraph, axes: readonly WeightAxis[]): Barrier[] {
  const seen = new Set(axes.map(({ layer }) => layer));
  return graph.layers
    .filter((layer) => !seen.has(layer.name) && layer.weights.some(isKernel))
    .map((layer) => {
      const shape = graph.calls.find((call) => call.layer === layer.name)?.outputShape ?? [];
      return {
        layer: layer.name,
        channels: (isChannelsFirst(layer) ? shape[0] : shape.at(-1)) ?? 0,
        producers: [layer.name],
        reason: `${layer.name}: ${notUnderstood(layer)}`,
      };
    });
}

/** Applies the channel rule of every call's layer. */
function followChannels(graph: LayerGraph): ChannelTable {
  const table = new ChannelTable();
  const layers = layersByName(graph);
  const outputs: (readonly number[])[] = [];
  for (const [index, call] of graph.calls.entries()) {
    const layer = layers.get(call.layer)!;
    const size = call.outputShape.at(-1) ?? 0;
    const inputs = call.inputs.map((input) => outputs[input]!);
    if (graph.inputs.includes(index)) {
      outputs.push(table.create(size));
      table.freeze(outputs[index]!, `${layer.name}: input of the model`);
      continue;
    }
    const site = {
      layer,
      inputs,
      inputShapes: inputShapesOf(graph, call),
      outputShape: call.outputShape,
    };
    const channels = isUnderstood(layer) ? factsOf(layer)!.channels!.rule(site, table) : undefined;
    // A rule that disagrees with the shape computed by tfjs has not understood the layer.
    if (channels?.length === size) outputs.push(channels);
    else outputs.push(barrier(layer, inputs, size, table));
  }
  for (const output of graph.outputs)
    table.freeze(outputs[output]!, `${graph.calls[output]!.layer}: output of the model`);
  return table;
}

function isUnderstood(layer: GraphLayer): boolean {
  return factsOf(layer)?.channels !== undefined && !isChannelsFirst(layer);
}

function notUnderstood(layer: GraphLayer): string {
  if (isChannelsFirst(layer))
    return `channels first are not pruned, only channels last (${layer.className}): build the model with data_format "channels_last"`;
  return `not understood (${layer.className}${isUnderstood(layer) ? ' used in this way' : ''})`;
}

function barrier(
  layer: GraphLayer,
  inputs: readonly (readonly number[])[],
  size: number,
  table: ChannelTable,
): readonly number[] {
  const reason = `${layer.name}: ${notUnderstood(layer)}`;
  const output = table.create(size);
  for (const channels of [...inputs, output]) table.freeze(channels, reason);
  return output;
}

/** For each representative channel, the indexes that it owns, by number of the weight axis. */
function channelOwners(table: ChannelTable, axes: readonly WeightAxis[]): Map<number, Map<number, number[]>> {
  const owners = new Map<number, Map<number, number[]>>();
  axes.forEach(({ channels }, axis) =>
    channels.forEach((channel, index) => {
      const root = table.find(channel);
      const owned = owners.get(root) ?? new Map<number, number[]>();
      owners.set(root, owned);
      owned.set(axis, [...(owned.get(axis) ?? []), index]);
    }),
  );
  return owners;
}

/**
 * Sets of channels that own the same number of indexes of the same weight axes, which makes them
 * interchangeable in role and cost.
 */
function channelSets(table: ChannelTable, owners: Map<number, Map<number, number[]>>): ChannelSet[] {
  const reasons = table.reasons();
  const sets = new Map<string, ChannelSet>();
  for (const [root, owned] of owners) {
    const frozen = reasons.get(root);
    const signature = `${frozen ? 'frozen' : ''}|${[...owned].map(([axis, indexes]) => `${axis}x${indexes.length}`).join()}`;
    const set = sets.get(signature) ?? { channels: [], reasons: new Set() };
    sets.set(signature, set);
    set.channels.push(root);
    frozen?.forEach((reason) => set.reasons.add(reason));
  }
  return [...sets.values()];
}

function membersOf(
  channels: readonly number[],
  owners: Map<number, Map<number, number[]>>,
  axes: readonly WeightAxis[],
): GroupMember[] {
  return [...owners.get(channels[0]!)!.keys()].map((axis) => {
    const { layer, weight, axis: dimension, role } = axes[axis]!;
    return {
      layer,
      weight,
      axis: dimension,
      role,
      indexes: channels.map((channel) => owners.get(channel)!.get(axis)!),
    };
  });
}
