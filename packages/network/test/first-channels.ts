import type { LayerGraph, Pruner } from '@tersor/core';
import { channelGroups } from '../src/groups/channel-groups.js';
import { removeAll } from '../src/surgery/remove-channels.js';

/** Keeps the first channels: enough to see what the environment does with a pruner. */
export function firstChannels(graph: LayerGraph): Pruner {
  const { groups } = channelGroups(graph);
  return {
    id: 'first',
    action: 'channels',
    prepare: async () => undefined,
    plan: (group, { channels = group.channels }) => ({
      pruner: 'first',
      group: group.name,
      keep: Array.from({ length: channels }, (_, i) => i),
    }),
    apply: (clean, plan) =>
      removeAll(
        clean,
        plan.map((step) => ({ group: groups.find(({ name }) => name === step.group)!, keep: step.keep! })),
      ),
  };
}
