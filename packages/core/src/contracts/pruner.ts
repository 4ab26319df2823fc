import type { LayerGraph } from './layer-graph.js';
import type { Dataset } from './dataset.js';

/**
 * One dimension along which a layer's weight array is cut when a channel of a group goes. `size` consecutive indexes of the axis
 * belong to each channel, in blocks: channel `c` owns, for every repeat `r`, index `offset + (r * channels + c)` (repeat runs over
 * `repeats` when the layer follows a flatten of h x w positions: index `p * channels + c`).
 */
export interface GroupMember {
  /** Name of the layer. */
  readonly layer: string;
  /** Name of the weight within the layer, for instance `kernel`. */
  readonly weight: string;
  /** Axis of the weight that is cut. */
  readonly axis: number;
  /** `produces`: the layer makes the channels; `consumes`: it reads them; `carries`: it has one value per channel (batch norm, PReLU). */
  readonly role: 'produces' | 'consumes' | 'carries';
  /** For each channel of the group the indexes along `axis` that belong to it. */
  readonly indexes: readonly (readonly number[])[];
}

/** Channels that can only be removed together: every member loses the same ones. */
export interface ChannelGroup {
  /** Stable name: that of the first layer that produces the channels. */
  readonly name: string;
  readonly channels: number;
  readonly members: readonly GroupMember[];
}

/** What a pruner may look at before the search starts. */
export interface PruneContext {
  readonly graph: LayerGraph;
  readonly groups: readonly ChannelGroup[];
  readonly dataset: Dataset;
  readonly seed: number;
}

/** What happens to one group; plain JSON. A plan is a list of these and can be replayed on clean weights. */
export interface PruneStep {
  /** Id of the pruner that carries it out. */
  readonly pruner: string;
  /** Name of the channel group. */
  readonly group: string;
  /** Channels that stay, ascending. Absent when no channel goes. */
  readonly keep?: readonly number[];
  /** 2-D kernel slices that are zeroed: for a weight of layer `layer`, flat indexes `c_in * c_out_total + c_out`. */
  readonly zeroSlices?: readonly { readonly layer: string; readonly slices: readonly number[] }[];
}

export type PrunePlan = readonly PruneStep[];

/** Decides which channels or kernel slices go, and refits the rest. */
export interface Pruner {
  readonly id: string;
  /** What its action means: the share of `channels`, or of kernel `slices`, that is kept. */
  readonly action: 'channels' | 'slices';
  /** Gathers statistics on the given model once per search; the network is not changed. */
  prepare(context: PruneContext): Promise<void>;
  /** Turns the kept count of channels (or, for slices, the kept share of 0..1) of a group into a step. Ratio 1 is the identity. */
  plan(group: ChannelGroup, keep: number): PruneStep;
  /** Carries the steps of this pruner out on the clean graph: a new graph, smaller (channels) or with zeros (slices). Throws `PLAN_MISMATCH`. */
  apply(graph: LayerGraph, plan: PrunePlan): LayerGraph;
  dispose?(): void;
}
