import type { ChannelGroup, PrunePlan } from '@tersor/core';

/** Removed channels of a layer's kernel, by their index in the original network. */
export interface RemovedChannels {
  readonly inputs: ReadonlySet<number>;
  readonly outputs: ReadonlySet<number>;
}

/**
 * The channels that a plan removes from the kernel of a layer. Only looks at the `keep` of its steps, which
 * is cheap: channels that zeroed slices leave dead are not included.
 */
export function removedChannels(
  layer: string,
  groups: readonly ChannelGroup[],
  plan: PrunePlan,
): RemovedChannels {
  const inputs = new Set<number>();
  const outputs = new Set<number>();
  for (const { group: name, keep } of plan) {
    if (!keep) continue;
    const kept = new Set(keep);
    const members = groups.find((group) => group.name === name)?.members ?? [];
    for (const member of members) {
      if (member.layer !== layer || member.weight !== 'kernel' || member.role === 'carries') continue;
      const gone = member.role === 'produces' ? outputs : inputs;
      member.indexes.forEach((owned, channel) => {
        if (!kept.has(channel)) owned.forEach((index) => gone.add(index));
      });
    }
  }
  return { inputs, outputs };
}
