import type { GroupMember } from '@tersor/core';

/** One axis of a weight array, with the channel that owns each index along it. */
export interface WeightAxis {
  readonly layer: string;
  readonly weight: string;
  readonly axis: number;
  readonly role: GroupMember['role'];
  /** Channel by index along the axis. */
  readonly channels: readonly number[];
}

/**
 * Bookkeeping of the dependency analysis. Channels are numbers; channels that can only be removed together
 * are joined (union-find), and those that must stay are frozen with a reason. Tensors and weight axes are
 * described by lists of channels, one per index of the axis.
 */
export class ChannelTable {
  private readonly parent: number[] = [];
  private readonly axes = new Map<string, WeightAxis>();
  private readonly outputs = new Map<string, readonly number[]>();
  private readonly frozen: { readonly channel: number; readonly reason: string }[] = [];

  /** Creates channels that are not joined to any others. */
  create(count: number): number[] {
    const first = this.parent.length;
    for (let i = 0; i < count; i++) this.parent.push(first + i);
    return this.parent.slice(first);
  }

  /** The representative of all channels joined to this one. */
  find(channel: number): number {
    let root = channel;
    while (this.parent[root] !== root) root = this.parent[root]!;
    while (this.parent[channel] !== root) [channel, this.parent[channel]] = [this.parent[channel]!, root];
    return root;
  }

  /** Joins two lists index by index. */
  join(left: readonly number[], right: readonly number[]): void {
    left.forEach((channel, i) => {
      const a = this.find(channel);
      const b = this.find(right[i]!);
      // The older channel represents both, so that the order of the groups follows the network.
      this.parent[Math.max(a, b)] = Math.min(a, b);
    });
  }

  /** Marks channels, and all that are or will be joined to them, as ones that must stay. */
  freeze(channels: readonly number[], reason: string): void {
    for (const channel of channels) this.frozen.push({ channel, reason });
  }

  /**
   * Records that index i of a weight's axis belongs to `channels[i]`. A shared layer does so for each call;
   * since its weights are cut only once, the channels of all its calls are joined. Returns the channels of
   * the first call.
   */
  own(
    layer: string,
    weight: string,
    axis: number,
    role: GroupMember['role'],
    channels: readonly number[],
  ): readonly number[] {
    const key = `${layer}|${weight}|${axis}`;
    const known = this.axes.get(key);
    if (known) this.join(known.channels, channels);
    else this.axes.set(key, { layer, weight, axis, role, channels });
    return known?.channels ?? channels;
  }

  /**
   * Joins the outputs of all calls of a layer, for a layer that must have the same channels in each. Returns
   * the channels of the first call.
   */
  sameForAllCalls(layer: string, channels: readonly number[]): readonly number[] {
    const known = this.outputs.get(layer);
    if (known) this.join(known, channels);
    else this.outputs.set(layer, channels);
    return known ?? channels;
  }

  /** All weight axes, in the order of the network. */
  weightAxes(): WeightAxis[] {
    return [...this.axes.values()];
  }

  /** Reasons by representative. */
  reasons(): Map<number, Set<string>> {
    const reasons = new Map<number, Set<string>>();
    for (const { channel, reason } of this.frozen) {
      const root = this.find(channel);
      reasons.set(root, (reasons.get(root) ?? new Set()).add(reason));
    }
    return reasons;
  }
}
