import {
  definePlugin,
  type LayerGraph,
  type LimitContext,
  type LimitFactory,
  type Plugin,
  type PruneLimit,
} from '@tersor/core';
import { cost, channelCost, type Cost } from '@tersor/network';
import { absolute, countText, LIMIT, shareOptions } from './share-options.js';

const counted = new WeakMap<LayerGraph, Cost>();

/** `cost`, computed once per network: candidates are asked by each limit, and by the environment. */
export function costOnce(graph: LayerGraph): Cost {
  const known = counted.get(graph);
  if (known) return known;
  const found = cost(graph);
  counted.set(graph, found);
  return found;
}

/** Multiply-adds or parameters, kernel slices that are zero not counted. */
export function costLimit(
  id: 'macs' | 'parameters',
  value: number,
): Omit<LimitFactory, 'prune'> & { prune(context: LimitContext): PruneLimit } {
  const figure = `${id}WithoutZeroSlices` as const;
  return {
    id,
    prune: ({ name, original }): PruneLimit => ({
      name,
      limit: absolute(value, costOnce(original)[id]),
      of: (network) => costOnce(network)[figure],
      promise: (graph, groups) => {
        const costAt = channelCost(graph, groups);
        return ({ keep, slices, removed }) => costAt(keep, slices, removed)[figure];
      },
      format: countText,
    }),
  };
}

export const macsLimit: Plugin = definePlugin({
  ...LIMIT,
  id: 'macs',
  description: 'stage 1: multiply-adds',
  options: shareOptions,
  create: ({ value }) => costLimit('macs', value),
});

export const parametersLimit: Plugin = definePlugin({
  ...LIMIT,
  id: 'parameters',
  description: 'stage 1: parameters',
  options: shareOptions,
  create: ({ value }) => costLimit('parameters', value),
});
